import type { StageSeries, Throughput } from '../api/answers.ts';

/** Over how long a rate is taken, seconds. */
export const rateSpans = { '5s': 5, '1m': 60, '5m': 300 } as const;
export type RateSpan = keyof typeof rateSpans;

export interface StageRates {
  readonly ok: number;
  /** Attempts that failed, whether they are tried again or not. */
  readonly failed: number;
}

/** Per second, over the newest buckets that are complete. */
export function ratesOf(
  series: StageSeries,
  axis: Pick<Throughput, 't' | 'stepMs' | 'partialSince'>,
  span: RateSpan,
): StageRates {
  const { from, to } = newestComplete(axis, rateSpans[span] * 1_000);
  const seconds = Math.max(1, ((to - from) * axis.stepMs) / 1_000);
  return {
    ok: sumOf(series.ok, from, to) / seconds,
    failed: (sumOf(series.retry, from, to) + sumOf(series.dead, from, to)) / seconds,
  };
}

function newestComplete(
  { t, stepMs, partialSince }: Pick<Throughput, 't' | 'stepMs' | 'partialSince'>,
  spanMs: number,
) {
  const end = partialSince === null ? -1 : t.findIndex((ms) => ms >= partialSince);
  const to = end < 0 ? t.length : end;
  return { from: Math.max(0, to - Math.max(1, Math.round(spanMs / stepMs))), to };
}

function sumOf(values: readonly number[], from: number, to: number): number {
  return values.slice(from, to).reduce((sum, value) => sum + value, 0);
}

/** Counts of buckets as rates. */
export const perSecond = (values: readonly number[], stepMs: number): number[] =>
  values.map((value) => (value * 1_000) / stepMs);

export const addUp = (lists: readonly (readonly number[])[]): number[] =>
  (lists[0] ?? []).map((_, index) => lists.reduce((sum, list) => sum + (list[index] ?? 0), 0));
