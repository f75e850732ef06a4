import { definedFields } from '../defined-fields.ts';
import type { Query, Row } from '../history/queries.ts';
import { bucketsOf, partialSince } from './stats-window.ts';
import { ranOutcomes, sourceOf, type ThroughputQuestion } from './throughput.ts';

/** How many took how long in each bucket: a heat-map. */
export interface Latency {
  readonly from: number;
  readonly to: number;
  readonly stepMs: number;
  /** Start of each bucket, epoch ms. */
  readonly t: number[];
  readonly partialSince: number | null;
  /** Upper bounds of the rows of both maps, ms; the last row has none above it. */
  readonly boundsMs: number[];
  /** `run[i][k]`: attempts of bucket i that ended within bound k, about: read out of the digests of the roll-ups. */
  readonly run: number[][];
  readonly wait: number[][];
}

/** 1, 2, 5, 10, … up to a day and more. */
export const boundsMs: readonly number[] = Array.from(
  { length: 24 },
  (_, index) => ([1, 2, 5][index % 3] ?? 1) * 10 ** Math.floor(index / 3),
);

/** Fine enough for the shape, few enough to be cheap. */
const levels = [0, ...Array.from({ length: 19 }, (_, index) => (index + 1) / 20), 0.99, 1];

export function latencyQuery({ pipeline, stage, tenant, window }: ThroughputQuestion): Query {
  const at = `quantilesTDigestMergeIf(${levels.join(', ')})`;
  return {
    sql: `SELECT
  intDiv(toUnixTimestamp(t), {step: UInt32}) * {step: UInt32} AS bucket,
  sumIf(tasks, ${ranOutcomes}) AS ran,
  ${at}(run, ${ranOutcomes}) AS run,
  ${at}(wait, ${ranOutcomes}) AS wait
FROM ${sourceOf(window.stepMs, tenant)}
WHERE pipeline = {pipeline: String} AND t >= toDateTime({from: UInt32}) AND t < toDateTime({to: UInt32})${stage === undefined ? '' : ' AND stage = {stage: String}'}
GROUP BY bucket
ORDER BY bucket`,
    params: definedFields({
      ...{ pipeline, stage, tenant, step: window.stepMs / 1_000 },
      ...{ from: window.fromMs / 1_000, to: window.toMs / 1_000 },
    }),
  };
}

export function latencyOf({ window }: ThroughputQuestion, rows: readonly Row[]): Latency {
  const t = bucketsOf(window);
  const byBucket = new Map(rows.map((row) => [Number(row.bucket) * 1_000, row]));
  const map = (field: 'run' | 'wait'): number[][] =>
    t.map((ms) => spread(Number(byBucket.get(ms)?.ran ?? 0), quantilesOf(byBucket.get(ms)?.[field])));
  const { fromMs: from, toMs: to, stepMs } = window;
  return { from, to, stepMs, t, partialSince: partialSince(window), boundsMs: [...boundsMs], ...maps(map) };
}

const maps = (map: (field: 'run' | 'wait') => number[][]) => ({ run: map('run'), wait: map('wait') });

const quantilesOf = (values: unknown): number[] => (Array.isArray(values) ? values.map(Number) : []);

/** So many tasks over the bounds, by the times at the levels: what lies between two that are near is spread evenly. */
export function spread(tasks: number, quantiles: readonly number[]): number[] {
  const counts = boundsMs.map(() => 0);
  if (tasks === 0 || quantiles.length !== levels.length) return counts;
  for (let index = 1; index < levels.length; index += 1) {
    const share = tasks * ((levels[index] ?? 1) - (levels[index - 1] ?? 0));
    addShare(counts, share, quantiles[index - 1] ?? 0, quantiles[index] ?? 0);
  }
  return counts.map((count) => Math.round(count * 100) / 100);
}

const widestRows = 3;

function addShare(counts: number[], share: number, from: number, to: number): void {
  const first = rowOf(from);
  const last = rowOf(to);
  if (last - first > widestRows) {
    // A gap between two kinds of work: hardly anything lies in its midst.
    for (const row of [first, last]) counts[row] = (counts[row] ?? 0) + share / 2;
    return;
  }
  for (let row = first; row <= last; row += 1) {
    const low = Math.max(from, boundsMs[row - 1] ?? 0);
    const high = row === boundsMs.length - 1 ? to : Math.min(to, boundsMs[row] ?? to);
    const part = to > from ? Math.max(0, high - low) / (to - from) : 1;
    counts[row] = (counts[row] ?? 0) + share * part;
  }
}

function rowOf(ms: number): number {
  const row = boundsMs.findIndex((bound) => ms <= bound);
  return row < 0 ? boundsMs.length - 1 : row;
}
