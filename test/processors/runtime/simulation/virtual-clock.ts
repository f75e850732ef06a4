interface Timer {
  at: number;
  readonly order: number;
  readonly everyMs: number | undefined;
  readonly run: () => void;
}

/** Noon of some day: envelope times must look like times. */
const firstMs = 1_800_000_000_000;
const realSetImmediate = setImmediate;

/**
 * Time that passes only when asked. Between two timers every promise settles, so a run is the same for the same seed,
 * and an hour takes as long as its callbacks do. (fake-timers waits a real millisecond at each step.)
 */
export class VirtualClock {
  now = firstMs;
  readonly #heap: Timer[] = [];
  readonly #gone = new WeakSet<object>();
  #order = 0;

  after(delayMs: number, run: () => void): object {
    return this.#add(delayMs, run, undefined);
  }

  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => void this.after(delayMs, resolve));
  }

  /** Runs what falls due until the promise settles; gives up when nothing is left to happen or time is over. */
  async drive<T>(work: Promise<T>, limitMs: number): Promise<T> {
    const deadline = this.now + limitMs;
    let settled = false;
    const mark = (): void => {
      settled = true;
    };
    work.then(mark, mark);
    await quiet();
    while (!settled) {
      const timer = this.#shift();
      if (timer === undefined || timer.at > deadline) throw new Error(`nothing came of it within ${limitMs} ms`);
      this.now = Math.max(this.now, timer.at);
      if (timer.everyMs !== undefined) {
        timer.at = this.now + timer.everyMs;
        this.#push(timer);
      }
      timer.run();
      await quiet();
    }
    return work;
  }

  /** Puts itself in place of the process' timers and clocks; call the answer to undo it. */
  install(random: () => number): () => void {
    const real = { setTimeout, clearTimeout, setInterval, clearInterval, setImmediate };
    const [realNow, realRandom] = [Date.now, Math.random];
    const clear = (timer?: unknown): void => {
      if (typeof timer === 'object' && timer !== null) this.#gone.add(timer);
    };
    Object.assign(globalThis, {
      setTimeout: (run: () => void, delayMs = 0) => this.#add(delayMs, run, undefined),
      setInterval: (run: () => void, everyMs = 1) => this.#add(everyMs, run, Math.max(1, everyMs)),
      setImmediate: (run: () => void) => this.#add(0, run, undefined),
      clearTimeout: clear,
      clearInterval: clear,
    });
    Date.now = () => this.now;
    Math.random = random;
    Object.defineProperty(performance, 'now', { value: () => this.now - firstMs, configurable: true });
    return () => {
      Object.assign(globalThis, real);
      Date.now = realNow;
      Math.random = realRandom;
      Reflect.deleteProperty(performance, 'now');
    };
  }

  #add(delayMs: number, run: () => void, everyMs: number | undefined): Timer {
    const timer: Timer = { at: this.now + Math.max(0, delayMs), order: this.#order++, everyMs, run };
    this.#push(timer);
    return timer;
  }

  #push(timer: Timer): void {
    const heap = this.#heap;
    let at = heap.push(timer) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || isBefore(above, timer)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = timer;
  }

  #shift(): Timer | undefined {
    let first = this.#removeFirst();
    while (first !== undefined && this.#gone.has(first)) first = this.#removeFirst();
    return first;
  }

  #removeFirst(): Timer | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      const left = heap[2 * at + 1];
      const right = heap[2 * at + 2];
      const isRight = right !== undefined && left !== undefined && isBefore(right, left);
      const child = isRight ? right : left;
      if (child === undefined || isBefore(last, child)) break;
      heap[at] = child;
      at = 2 * at + (isRight ? 2 : 1);
    }
    heap[at] = last;
    return first;
  }
}

function isBefore(one: Timer, other: Timer): boolean {
  return one.at < other.at || (one.at === other.at && one.order <= other.order);
}

/** Resolves when no promise has anything left to do. */
function quiet(): Promise<void> {
  return new Promise((resolve) => void realSetImmediate(resolve));
}
