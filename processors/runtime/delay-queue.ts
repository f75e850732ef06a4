/** setTimeout takes no more; a later item is looked at again then. */
const longestTimerMs = 2 ** 31 - 1;

interface Delayed<T> {
  readonly dueAt: number;
  readonly item: T;
}

/** Items that wait for a time, in a binary heap, with one timer for the earliest. */
export class DelayQueue<T> {
  readonly #now: () => number;
  readonly #onDue: (item: T) => void;
  readonly #heap: Delayed<T>[] = [];
  #timer: NodeJS.Timeout | undefined;
  #timerDueAt = Number.POSITIVE_INFINITY;

  constructor(now: () => number, onDue: (item: T) => void) {
    this.#now = now;
    this.#onDue = onDue;
  }

  add(item: T, dueAt: number): void {
    this.#heap.push({ dueAt, item });
    this.#rise(this.#heap.length - 1);
    if (dueAt < this.#timerDueAt) this.#arm();
  }

  clear(): void {
    this.#heap.length = 0;
    clearTimeout(this.#timer);
    this.#timerDueAt = Number.POSITIVE_INFINITY;
  }

  #arm(): void {
    clearTimeout(this.#timer);
    const first = this.#heap[0];
    this.#timerDueAt = first?.dueAt ?? Number.POSITIVE_INFINITY;
    if (first === undefined) return;
    const delayMs = Math.min(Math.max(first.dueAt - this.#now(), 0), longestTimerMs);
    this.#timer = setTimeout(() => this.#fire(), delayMs);
  }

  /** A timer may fire a millisecond early by the clock; what is not due waits on. */
  #fire(): void {
    this.#timerDueAt = Number.POSITIVE_INFINITY;
    const now = this.#now();
    for (let first = this.#heap[0]; first !== undefined && first.dueAt <= now; first = this.#heap[0]) {
      this.#removeFirst();
      this.#onDue(first.item);
    }
    this.#arm();
  }

  #removeFirst(): void {
    const last = this.#heap.pop();
    if (last === undefined || this.#heap.length === 0) return;
    this.#heap[0] = last;
    this.#sink(0);
  }

  #dueAt(index: number): number {
    return this.#heap[index]?.dueAt ?? Number.POSITIVE_INFINITY;
  }

  #swap(one: number, other: number): void {
    const [a, b] = [this.#heap[one], this.#heap[other]];
    if (a === undefined || b === undefined) return;
    this.#heap[one] = b;
    this.#heap[other] = a;
  }

  #rise(from: number): void {
    let index = from;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (this.#dueAt(parent) <= this.#dueAt(index)) return;
      this.#swap(parent, index);
      index = parent;
    }
  }

  #sink(from: number): void {
    let index = from;
    for (;;) {
      const left = 2 * index + 1;
      const child = this.#dueAt(left + 1) < this.#dueAt(left) ? left + 1 : left;
      if (this.#dueAt(child) >= this.#dueAt(index)) return;
      this.#swap(index, child);
      index = child;
    }
  }
}
