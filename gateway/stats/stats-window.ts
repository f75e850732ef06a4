import { PenstockError } from '../../schemas/errors.ts';

/** The stretch of time of an answer, cut into buckets. Epoch ms; all three are multiples of the step but `nowMs`. */
export interface StatsWindow {
  readonly fromMs: number;
  /** End of the newest bucket. */
  readonly toMs: number;
  readonly stepMs: number;
  readonly nowMs: number;
}

const units: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
/** Points of one answer: more than a screen has columns, and a second of an hour. */
const maxBuckets = 3_600;
const niceStepsMs = [1, 5, 10, 15, 30, 60, 300, 600, 900, 1_800, 3_600, 21_600, 86_400].map(
  (seconds) => seconds * 1_000,
);
const wantedBuckets = 300;
const longestMs = 3_650 * 86_400_000;

/** `90s`, `15m`, `24h`, `10d`. Throws PIPE_GATEWAY_REQUEST_INVALID. */
export function readSpan(name: string, text: string): number {
  const [, count, unit] = /^([1-9]\d{0,5})([smhd])$/.exec(text) ?? [];
  const ms = Number(count) * (units[unit ?? ''] ?? Number.NaN);
  if (ms > 0 && ms <= longestMs) return ms;
  throw invalid(`${name} must be a span such as 60s, 15m, 24h or 10d`);
}

/** The newest bucket is the one that `until` lies in. Without a step one is chosen that gives some hundred buckets. */
export function readWindow(
  { window, step, until }: { readonly window: string; readonly step?: string; readonly until?: number },
  nowMs: number,
): StatsWindow {
  const windowMs = readSpan('window', window);
  const stepMs = step === undefined ? niceStep(windowMs) : readSpan('step', step);
  if (stepMs > windowMs) throw invalid('step must not be longer than window');
  if (windowMs / stepMs > maxBuckets) throw invalid(`window holds more than ${maxBuckets} steps: take a longer step`);
  const endMs = Math.min(until ?? nowMs, nowMs);
  const toMs = (Math.floor(endMs / stepMs) + 1) * stepMs;
  const buckets = Math.ceil(windowMs / stepMs);
  return { fromMs: Math.max(0, toMs - buckets * stepMs), toMs, stepMs, nowMs };
}

const niceStep = (windowMs: number): number =>
  niceStepsMs.find((stepMs) => windowMs / stepMs <= wantedBuckets) ?? 86_400_000;

/** Start of each bucket. */
export function bucketsOf({ fromMs, toMs, stepMs }: StatsWindow): number[] {
  return Array.from({ length: Math.round((toMs - fromMs) / stepMs) }, (_, index) => fromMs + index * stepMs);
}

/** First bucket that is not over, or about which rows may still be on their way; null: all are complete. */
export function partialSince({ toMs, stepMs, nowMs }: StatsWindow): number | null {
  const settledMs = nowMs - settlingMs;
  if (toMs <= settledMs) return null;
  return Math.floor(settledMs / stepMs) * stepMs;
}

/** Rows are here two seconds after the attempt's end, as a rule. */
const settlingMs = 2_000;

/** The coarsest roll-up whose buckets make up the step. */
export function rollUpFor(stepMs: number): '1s' | '1m' | '1h' | '1d' {
  if (stepMs % 86_400_000 === 0) return '1d';
  if (stepMs % 3_600_000 === 0) return '1h';
  return stepMs % 60_000 === 0 ? '1m' : '1s';
}

const invalid = (message: string): PenstockError => new PenstockError('PIPE_GATEWAY_REQUEST_INVALID', message);
