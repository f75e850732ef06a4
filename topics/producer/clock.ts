/** Time as the producer sees it; tests bring their own. */
export interface Clock {
  /** Milliseconds that never jump back. */
  now(): number;
  /** Calls back once; the answer cancels. */
  after(delayMs: number, run: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, Math.max(0, Math.ceil(delayMs)));
    return () => clearTimeout(timer);
  },
};
