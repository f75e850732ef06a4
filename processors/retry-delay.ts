import { PenstockError } from '../schemas/errors.ts';

/** Below what the retry topics keep (7 days) by far: a record must outlive its delay and any backlog behind it. */
const longestDelayMs = 86_400_000;
const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** Milliseconds of `500ms`, `10s`, `1m`, `2h`; NaN for any other text. The text is part of a topic's name. */
export function parseDelay(text: string): number {
  const [, count, unit] = /^([1-9]\d{0,7})(ms|s|m|h)$/.exec(text) ?? [];
  return Number(count) * (unitMs[unit ?? ''] ?? Number.NaN);
}

/** Throws PIPE_CONFIG_INVALID unless each delay can be read, is longer than the one before it, and at most a day. */
export function checkDelays(stage: string, delays: readonly string[]): void {
  let beforeMs = 0;
  for (const text of delays) {
    const delayMs = parseDelay(text);
    if (!(delayMs > beforeMs && delayMs <= longestDelayMs)) {
      const rule = 'each is <n>ms, <n>s, <n>m or <n>h, longer than the one before it, at most 24h';
      throw new PenstockError('PIPE_CONFIG_INVALID', `stage “${stage}”: retry.delayed cannot have “${text}”; ${rule}`);
    }
    beforeMs = delayMs;
  }
}
