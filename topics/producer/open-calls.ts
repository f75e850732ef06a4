import type { Clock } from './clock.ts';
import type { SendCall } from './send-call.ts';

/** Calls without an answer, oldest first; all have the same allowance, so the first one expires first. */
export class OpenCalls {
  readonly #clock: Clock;
  readonly #allowanceMs: number;
  readonly #calls = new Set<SendCall>();
  readonly #onLate: (calls: readonly SendCall[]) => void;
  #cancel: (() => void) | undefined;

  /** `onLate` is given what is past its time, and deletes it. */
  constructor(clock: Clock, allowanceMs: number, onLate: (calls: readonly SendCall[]) => void) {
    this.#clock = clock;
    this.#allowanceMs = allowanceMs;
    this.#onLate = onLate;
  }

  get size(): number {
    return this.#calls.size;
  }

  add(call: SendCall): void {
    this.#calls.add(call);
    this.#arm();
  }

  delete(call: SendCall): void {
    this.#calls.delete(call);
  }

  /** Nothing expires any more. */
  stop(): void {
    this.#cancel?.();
  }

  /** The timer outlives the call it was armed for: its end finds the next one, or nobody. */
  #arm(): void {
    if (this.#cancel) return;
    const [oldest] = this.#calls;
    if (!oldest) return;
    const dueMs = oldest.sentAtMs + this.#allowanceMs;
    this.#cancel = this.#clock.after(dueMs - this.#clock.now(), () => this.#expire());
  }

  #expire(): void {
    this.#cancel = undefined;
    const now = this.#clock.now();
    const late: SendCall[] = [];
    for (const call of this.#calls) {
      if (call.sentAtMs + this.#allowanceMs > now) break;
      late.push(call);
    }
    if (late.length > 0) this.#onLate(late);
    this.#arm();
  }
}
