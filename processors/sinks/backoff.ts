import { setTimeout as delay } from 'node:timers/promises';

const firstMs = 250;
const longestMs = 5_000;

/** Doubles up to 5 s, half of it at random, so that many sinks do not come back in step. */
export function backoffMs(failures: number, random: () => number = Math.random): number {
  const full = Math.min(longestMs, firstMs * 2 ** Math.min(failures - 1, 16));
  return Math.round(full / 2 + (full / 2) * random());
}

/** Resolves after the time, or at once when the signal aborts. */
export async function pause(timeMs: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await delay(timeMs, undefined, { signal }).catch(() => undefined);
}
