/**
 * Tells a consumer that fell silent from a process that was too busy to hear it: time in which our own timer could not
 * fire is not held against the broker.
 */
export class SilenceWatch {
  readonly #limitMs: number;
  readonly #periodMs: number;
  #lastSignMs: number;
  #lastCheckMs: number;

  constructor(limitMs: number, periodMs: number, nowMs: number) {
    this.#limitMs = limitMs;
    this.#periodMs = periodMs;
    this.#lastSignMs = nowMs;
    this.#lastCheckMs = nowMs;
  }

  sign(nowMs: number): void {
    this.#lastSignMs = nowMs;
  }

  /** To be called every periodMs. Answers the silence in ms once it is too long, else undefined. */
  check(nowMs: number): number | undefined {
    const stallMs = nowMs - this.#lastCheckMs - this.#periodMs;
    if (stallMs > this.#periodMs) this.#lastSignMs = Math.min(nowMs, this.#lastSignMs + stallMs);
    this.#lastCheckMs = nowMs;
    const silentMs = nowMs - this.#lastSignMs;
    return silentMs > this.#limitMs ? silentMs : undefined;
  }
}

/** SilenceWatch on the real clock. Calls back once. */
export class Watchdog {
  readonly #watch: SilenceWatch;
  readonly #timer: NodeJS.Timeout;

  constructor(limitMs: number, onSilence: (silentMs: number) => void) {
    const periodMs = Math.max(50, Math.floor(limitMs / 20));
    this.#watch = new SilenceWatch(limitMs, periodMs, performance.now());
    this.#timer = setInterval(() => {
      const silentMs = this.#watch.check(performance.now());
      if (silentMs === undefined) return;
      this.stop();
      onSilence(silentMs);
    }, periodMs);
    this.#timer.unref();
  }

  sign(): void {
    this.#watch.sign(performance.now());
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
