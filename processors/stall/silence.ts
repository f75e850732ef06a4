/** What the watchdog has to do after a tick. */
export type Finding =
  | { readonly kind: 'nothing' }
  /** The loop turns again. */
  | { readonly kind: 'blocked'; readonly ms: number }
  | { readonly kind: 'stalled'; readonly ms: number };

export interface SilenceLimits {
  readonly tickMs: number;
  /** A silence that is shorter is not worth a word. */
  readonly reportMs: number;
  readonly limitMs: number;
}

/**
 * How long a loop is silent, counted in ticks of the watchdog's own, not by a clock: while the process is stopped or the
 * machine sleeps there are no ticks, and that is nobody's fault.
 */
export class Silence {
  readonly #limits: SilenceLimits;
  #lastBeats = 0;
  #ticks = 0;

  constructor(limits: SilenceLimits) {
    this.#limits = limits;
  }

  tick(beats: number): Finding {
    const { tickMs, reportMs, limitMs } = this.#limits;
    const isSilent = beats === this.#lastBeats;
    const ms = this.#ticks * tickMs;
    this.#lastBeats = beats;
    this.#ticks = isSilent ? this.#ticks + 1 : 0;
    if (isSilent && ms + tickMs >= limitMs) return { kind: 'stalled', ms: ms + tickMs };
    return !isSilent && ms >= reportMs ? { kind: 'blocked', ms } : nothing;
  }
}

const nothing: Finding = { kind: 'nothing' };
