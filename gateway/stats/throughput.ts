import { definedFields } from '../defined-fields.ts';
import type { Query, Row } from '../history/queries.ts';
import { bucketsOf, partialSince, rollUpFor, type StatsWindow } from './stats-window.ts';

export interface ThroughputQuestion {
  readonly pipeline: string;
  readonly stage?: string;
  /** Only this tenant's: read from the raw rows, for the roll-ups do not know tenants. */
  readonly tenant?: string;
  readonly window: StatsWindow;
}

export const outcomes = ['accepted', 'ok', 'retry', 'dead', 'expired', 'cancelled', 'skipped'] as const;
export type CountedOutcome = (typeof outcomes)[number];
type Counts<Value> = Record<CountedOutcome, Value>;

/** ms; null: nothing ran. */
export interface Percentiles<Value> {
  readonly p50: Value;
  readonly p90: Value;
  readonly p95: Value;
  readonly p99: Value;
}

export interface StageSeries extends Counts<number[]> {
  readonly stage: string;
  readonly bytes: number[];
  readonly run: Percentiles<(number | null)[]>;
  readonly wait: Percentiles<(number | null)[]>;
}

export interface StageTotals extends Counts<number> {
  readonly stage: string;
  readonly bytes: number;
  readonly run: Percentiles<number | null>;
  readonly wait: Percentiles<number | null>;
}

/** Columns: `t[i]` goes with the i-th value of every list. */
export interface Throughput {
  readonly pipeline: string;
  readonly from: number;
  readonly to: number;
  readonly stepMs: number;
  /** Start of each bucket, epoch ms. */
  readonly t: number[];
  /** Buckets from here on are not complete; null: all are. */
  readonly partialSince: number | null;
  readonly series: StageSeries[];
  readonly totals: StageTotals[];
}

/** Outcomes of attempts that ran. */
export const ranOutcomes = "outcome IN ('ok', 'retry', 'dead')";
const levels = '0.5, 0.9, 0.95, 0.99';

/** One row a bucket and stage, and one a stage with bucket 0: all buckets together. */
export function throughputQuery({ pipeline, stage, tenant, window }: ThroughputQuestion): Query {
  const stepSeconds = window.stepMs / 1_000;
  const conditions = [
    'pipeline = {pipeline: String}',
    't >= toDateTime({from: UInt32})',
    't < toDateTime({to: UInt32})',
    ...(stage === undefined ? [] : ['stage = {stage: String}']),
  ];
  const counts = outcomes.map((outcome) => `sumIf(tasks, outcome = '${outcome}') AS ${outcome}`);
  return {
    sql: `SELECT
  intDiv(toUnixTimestamp(t), {step: UInt32}) * {step: UInt32} AS bucket,
  stage,
  ${counts.join(',\n  ')},
  sumIf(bytes, ${ranOutcomes}) AS bytes,
  quantilesTDigestMergeIf(${levels})(run, ${ranOutcomes}) AS run,
  quantilesTDigestMergeIf(${levels})(wait, ${ranOutcomes}) AS wait
FROM ${sourceOf(window.stepMs, tenant)}
WHERE ${conditions.join(' AND ')}
GROUP BY GROUPING SETS ((bucket, stage), (stage))
ORDER BY bucket, stage`,
    params: definedFields({
      pipeline,
      stage,
      tenant,
      step: stepSeconds,
      from: window.fromMs / 1_000,
      to: window.toMs / 1_000,
    }),
  };
}

/** The roll-up; for a tenant, what it would hold if there were one a tenant. */
export const sourceOf = (stepMs: number, tenant: string | undefined): string =>
  tenant === undefined ? `throughput_${rollUpFor(stepMs)}` : ownRows;

const ownRows = `(
  SELECT toDateTime(event_time) AS t, pipeline, stage, outcome, count() AS tasks, sum(bytes_in) AS bytes,
    quantilesTDigestState(${levels})(run_ms) AS run, quantilesTDigestState(${levels})(queue_ms) AS wait
  FROM attempts FINAL
  WHERE tenant = {tenant: String} AND pipeline = {pipeline: String}
    AND event_time >= toDateTime({from: UInt32}) AND event_time < toDateTime({to: UInt32})
  GROUP BY t, pipeline, stage, outcome
)`;

/** Zero-filled. Stages in the order of the catalogue, then others that once were, by name. */
export function throughputOf(
  { pipeline, window }: ThroughputQuestion,
  known: readonly string[],
  rows: readonly Row[],
): Throughput {
  const t = bucketsOf(window);
  const found = [...new Set(rows.map((row) => String(row.stage)))].filter((stage) => !known.includes(stage));
  const stages = [...known, ...found];
  const byPlace = new Map(rows.map((row) => [`${Number(row.bucket) * 1_000} ${String(row.stage)}`, row]));
  return {
    pipeline,
    from: window.fromMs,
    to: window.toMs,
    stepMs: window.stepMs,
    t,
    partialSince: partialSince(window),
    series: stages.map((stage) =>
      seriesOf(
        stage,
        t.map((ms) => byPlace.get(`${ms} ${stage}`)),
      ),
    ),
    totals: stages.map((stage) => totalsOf(stage, byPlace.get(`0 ${stage}`))),
  };
}

function seriesOf(stage: string, rows: readonly (Row | undefined)[]): StageSeries {
  return {
    stage,
    ...countsOf((outcome) => rows.map((row) => Number(row?.[outcome] ?? 0))),
    bytes: rows.map((row) => Number(row?.bytes ?? 0)),
    run: percentiles((level) => rows.map((row) => quantile(row?.run, level))),
    wait: percentiles((level) => rows.map((row) => quantile(row?.wait, level))),
  };
}

function totalsOf(stage: string, row: Row | undefined): StageTotals {
  return {
    stage,
    ...countsOf((outcome) => Number(row?.[outcome] ?? 0)),
    bytes: Number(row?.bytes ?? 0),
    run: percentiles((level) => quantile(row?.run, level)),
    wait: percentiles((level) => quantile(row?.wait, level)),
  };
}

function countsOf<Value>(count: (outcome: CountedOutcome) => Value): Counts<Value> {
  return {
    accepted: count('accepted'),
    ok: count('ok'),
    retry: count('retry'),
    dead: count('dead'),
    expired: count('expired'),
    cancelled: count('cancelled'),
    skipped: count('skipped'),
  };
}

const percentiles = <Value>(at: (level: number) => Value): Percentiles<Value> => ({
  p50: at(0),
  p90: at(1),
  p95: at(2),
  p99: at(3),
});

/** Of nothing it is NaN, which JSON has as null. */
function quantile(values: unknown, level: number): number | null {
  const value: unknown = Array.isArray(values) ? values[level] : null;
  return typeof value === 'number' && Number.isFinite(value) ? Math.round(value * 10) / 10 : null;
}
