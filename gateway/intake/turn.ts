/** One piece of work, and how its caller hears of it. */
export interface Arrival<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Work that arrives piece by piece, done together at the end of the turn of the event loop: a loop keeps the processor's
 * caches warm, where each request for itself finds them full of HTTP, and what is sent together needs one promise.
 */
export class Turn<Item, Result> {
  readonly #work: (arrivals: readonly Arrival<Item, Result>[]) => void;
  #arrivals: Arrival<Item, Result>[] = [];

  /** `work` settles each of the arrivals, and does not throw. */
  constructor(work: (arrivals: readonly Arrival<Item, Result>[]) => void) {
    this.#work = work;
  }

  add(item: Item): Promise<Result> {
    if (this.#arrivals.length === 0) setImmediate(() => this.#end());
    return new Promise((resolve, reject) => {
      this.#arrivals.push({ item, resolve, reject });
    });
  }

  #end(): void {
    const arrivals = this.#arrivals;
    this.#arrivals = [];
    this.#work(arrivals);
  }
}
