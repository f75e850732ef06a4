import type { Clock } from './clock.ts';

/** The next call of one function: at a time, or as soon as what runs now has ended. */
export class Wake {
  readonly #clock: Clock;
  readonly #run: () => void;
  #cancel: (() => void) | undefined;
  #atMs = Number.POSITIVE_INFINITY;
  #isSoon = false;

  constructor(clock: Clock, run: () => void) {
    this.#clock = clock;
    this.#run = run;
  }

  /** Whether a call comes by then. */
  comesBy(timeMs: number): boolean {
    return this.#isSoon || this.#atMs <= timeMs;
  }

  /** Instead of the time that was set before; undefined: at none. */
  set(atMs: number | undefined): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#atMs = atMs ?? Number.POSITIVE_INFINITY;
    if (atMs !== undefined) this.#cancel = this.#clock.after(atMs - this.#clock.now(), this.#run);
  }

  /** Once, however often it is asked for until then. */
  soon(): void {
    if (this.#isSoon) return;
    this.#isSoon = true;
    queueMicrotask(() => {
      this.#isSoon = false;
      this.#run();
    });
  }
}
