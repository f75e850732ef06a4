export interface BatchLoopOptions<T> {
  /** Longest wait of an item for company while nothing is under way; ms. */
  readonly lingerMs: number;
  /** So many do not wait for company. */
  readonly flushCount: number;
  /** One call at a time, in order of add(); what is added meanwhile is the next batch. */
  deliver(items: T[]): Promise<void>;
  /** deliver() rejected: a defect, the loop stops. */
  onDefect(thrown: unknown): void;
}

/** Gathers items while the batch before them is under way: the busier it is, the larger the batches. */
export class BatchLoop<T> {
  readonly #options: BatchLoopOptions<T>;
  #waiting: T[] = [];
  #flying = 0;
  #timer: NodeJS.Timeout | undefined;
  #whenIdle: (() => void)[] = [];

  constructor(options: BatchLoopOptions<T>) {
    this.#options = options;
  }

  /** Items waiting or under way. */
  get pending(): number {
    return this.#waiting.length + this.#flying;
  }

  add(item: T): void {
    this.#waiting.push(item);
    if (this.#flying > 0) return;
    if (this.#waiting.length >= this.#options.flushCount) this.#fly();
    else this.#timer ??= setTimeout(() => this.#fly(), this.#options.lingerMs);
  }

  /** Resolves when nothing is pending. */
  async idle(): Promise<void> {
    if (this.pending === 0) return;
    await new Promise<void>((resolve) => {
      this.#whenIdle.push(resolve);
    });
  }

  #fly(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const items = this.#waiting;
    this.#waiting = [];
    this.#flying = items.length;
    this.#options.deliver(items).then(
      () => this.#landed(),
      (thrown) => this.#options.onDefect(thrown),
    );
  }

  #landed(): void {
    this.#flying = 0;
    if (this.#waiting.length > 0) this.#fly();
    else for (const resolve of this.#whenIdle.splice(0)) resolve();
  }
}
