interface Arrival<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Work that arrives piece by piece, done at the end of the turn of the event loop, one piece right after the other: a
 * loop keeps the processor's caches warm, where each request for itself finds them full of HTTP. A tenth of a POST or more.
 */
export class Turn<Item, Result> {
  readonly #work: (item: Item) => Promise<Result>;
  #arrivals: Arrival<Item, Result>[] = [];

  constructor(work: (item: Item) => Promise<Result>) {
    this.#work = work;
  }

  /** Settles as `work` does, also where it throws. */
  add(item: Item): Promise<Result> {
    if (this.#arrivals.length === 0) setImmediate(() => this.#end());
    return new Promise((resolve, reject) => {
      this.#arrivals.push({ item, resolve, reject });
    });
  }

  #end(): void {
    const arrivals = this.#arrivals;
    this.#arrivals = [];
    for (const { item, resolve, reject } of arrivals) {
      try {
        this.#work(item).then(resolve, reject);
      } catch (error) {
        reject(error);
      }
    }
  }
}
