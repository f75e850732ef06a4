import type { Execution } from './task-run.ts';

/** setTimeout takes no more. */
const longestTimerMs = 2 ** 31 - 1;

/**
 * Executions under way, oldest first. All of a stage have one timeout, so the list is in order of deadline too, and one
 * timer, set for the head, serves them all; it is not moved when the head ends, it looks again when it fires.
 */
export class RunningList {
  readonly #timeoutMs: number;
  readonly #now: () => number;
  readonly #onTimeout: (execution: Execution) => void;
  #head: Execution | null = null;
  #tail: Execution | null = null;
  #size = 0;
  #timer: NodeJS.Timeout | undefined;
  #whenEmpty: (() => void)[] = [];

  constructor(timeoutMs: number, now: () => number, onTimeout: (execution: Execution) => void) {
    this.#timeoutMs = timeoutMs;
    this.#now = now;
    this.#onTimeout = onTimeout;
  }

  get size(): number {
    return this.#size;
  }

  add(execution: Execution): void {
    execution.run.execution = execution;
    execution.previous = this.#tail;
    if (this.#tail === null) this.#head = execution;
    else this.#tail.next = execution;
    this.#tail = execution;
    this.#size++;
    if (this.#timer === undefined) this.#arm(this.#timeoutMs);
  }

  /** False: it was removed before (timed out, lost), so its result is late. */
  remove(execution: Execution): boolean {
    if (execution.run.execution !== execution) return false;
    execution.run.execution = null;
    if (execution.previous === null) this.#head = execution.next;
    else execution.previous.next = execution.next;
    if (execution.next === null) this.#tail = execution.previous;
    else execution.next.previous = execution.previous;
    this.#size--;
    if (this.#size === 0) for (const resolve of this.#whenEmpty.splice(0)) resolve();
    return true;
  }

  /** A snapshot: the caller may remove while it walks. */
  all(): Execution[] {
    const executions: Execution[] = [];
    for (let each = this.#head; each !== null; each = each.next) executions.push(each);
    return executions;
  }

  /** Those that began at that time or before. */
  startedBy(time: number): Execution[] {
    const executions: Execution[] = [];
    for (let each = this.#head; each !== null && each.startedAt <= time; each = each.next) executions.push(each);
    return executions;
  }

  /** Resolves when nothing runs, or when the time is over. */
  async empty(withinMs: number): Promise<void> {
    if (this.#size === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, withinMs);
      this.#whenEmpty.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #arm(delayMs: number): void {
    this.#timer = setTimeout(() => this.#sweep(), Math.min(Math.max(delayMs, 1), longestTimerMs));
  }

  #sweep(): void {
    this.#timer = undefined;
    const now = this.#now();
    for (let head = this.#head; head !== null && head.startedAt + this.#timeoutMs <= now; head = this.#head) {
      this.remove(head);
      this.#onTimeout(head);
    }
    if (this.#head !== null && this.#timer === undefined) this.#arm(this.#head.startedAt + this.#timeoutMs - now);
  }
}
