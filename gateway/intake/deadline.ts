import type { ErrorCode } from '../../schemas/error-catalogue.ts';
import { PenstockError } from '../../schemas/errors.ts';

/** Below the five seconds within which a caller hears that Kafka is away. */
export const defaultDeadlineMs = 4_500;

interface Waiting {
  readonly endsAt: number;
  expire(): void;
}

/**
 * The same patience with each piece of work. One timer serves all, armed for the oldest: a timer for each request is
 * dear at thousands a second.
 */
export class Deadline {
  readonly #deadlineMs: number;
  /** Oldest first. */
  readonly #waiting = new Set<Waiting>();
  #timer: NodeJS.Timeout | undefined;

  constructor(deadlineMs: number) {
    this.#deadlineMs = deadlineMs;
  }

  /**
   * The promise's result, or an error of that code after the deadline. What was started goes on: a send given up here
   * may still reach Kafka, so to the caller its outcome is unknown, not failed.
   */
  within<T>(work: Promise<T>, code: ErrorCode): Promise<T> {
    return new Promise((resolve, reject) => {
      const waiting = {
        endsAt: performance.now() + this.#deadlineMs,
        expire: () => reject(lateError(this.#deadlineMs, code)),
      };
      this.#waiting.add(waiting);
      this.#arm();
      work.then(
        (value) => {
          this.#waiting.delete(waiting);
          resolve(value);
        },
        (thrown: unknown) => {
          this.#waiting.delete(waiting);
          reject(thrown);
        },
      );
    });
  }

  /** The timer outlives what it was armed for, and keeps no process alive: its end finds the next one, or nobody. */
  #arm(): void {
    if (this.#timer) return;
    const [oldest] = this.#waiting;
    if (!oldest) return;
    this.#timer = setTimeout(() => this.#expire(), Math.max(0, oldest.endsAt - performance.now())).unref();
  }

  #expire(): void {
    this.#timer = undefined;
    const now = performance.now();
    for (const waiting of this.#waiting) {
      if (waiting.endsAt > now) break;
      this.#waiting.delete(waiting);
      waiting.expire();
    }
    this.#arm();
  }
}

/** One promise's result, or an error of that code after `deadlineMs`; as Deadline. */
export async function withDeadline<T>(work: Promise<T>, deadlineMs: number, code: ErrorCode): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(lateError(deadlineMs, code)), deadlineMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

const lateError = (deadlineMs: number, code: ErrorCode): PenstockError =>
  new PenstockError(code, `no answer within ${deadlineMs} ms`, { context: { deadlineMs } });
