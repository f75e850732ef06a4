import { PenstockError } from '../../schemas/errors.ts';
import type { DoneFeed } from './done-feed.ts';
import type { WholeEnding } from './whole-task.ts';

/** A waiting request costs a socket and about 2 KB. */
const maxWaiting = 10_000;
export const maxWaitMs = 300_000;

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000 };

/** `500ms`, `10s`, `2m`; without a unit: seconds. At most 5 minutes. Throws PIPE_GATEWAY_REQUEST_INVALID. */
export function readWait(text: string): number {
  const [, count, unit = 's'] = /^(\d{1,6})(ms|s|m)?$/.exec(text) ?? [];
  const waitMs = Number(count) * (unitMs[unit] ?? 1);
  if (count !== undefined && waitMs <= maxWaitMs) return waitMs;
  throw new PenstockError('PIPE_GATEWAY_REQUEST_INVALID', 'wait must be a time such as 500ms, 10s or 2m, at most 5m');
}

/** The requests that wait for the end of a task. */
export class Waiting {
  readonly #feed: DoneFeed;
  readonly #closing = new AbortController();
  #count = 0;

  constructor(feed: DoneFeed) {
    this.#feed = feed;
  }

  /** Must precede the submission. Rejects with PIPE_BROKER_UNAVAILABLE, PIPE_GATEWAY_OVERLOADED. */
  async open(pipeline: string): Promise<void> {
    if (this.#count >= maxWaiting) {
      throw new PenstockError('PIPE_GATEWAY_OVERLOADED', 'too many requests wait for their tasks', { afterMs: 1_000 });
    }
    await this.#feed.open(pipeline);
  }

  /** undefined: not in time, or the gateway closes, or the caller has gone. */
  async whole(pipeline: string, id: string, waitMs: number, gone: AbortSignal): Promise<WholeEnding | undefined> {
    const over = new AbortController();
    const end = (): void => over.abort();
    const timer = setTimeout(end, waitMs);
    const signal = AbortSignal.any([over.signal, gone, this.#closing.signal]);
    this.#count++;
    try {
      return await this.#feed.whole(pipeline, id, signal);
    } finally {
      this.#count--;
      clearTimeout(timer);
    }
  }

  get isEnding(): boolean {
    return this.#closing.signal.aborted;
  }

  /** Every wait is over, so that all are answered. */
  end(): void {
    this.#closing.abort();
  }
}
