import { definedFields } from '../defined-fields.ts';
import type { Query, Row } from '../history/queries.ts';
import { bucketsOf, partialSince, type StatsWindow } from './stats-window.ts';

export interface ErrorQuestion {
  readonly pipeline?: string;
  readonly stage?: string;
  /** Absent: all. */
  readonly pipelines?: readonly string[];
  readonly tenant?: string;
  readonly window: StatsWindow;
  readonly limit: number;
}

/** Like failures: one fingerprint in one stage. */
export interface ErrorGroup {
  readonly pipeline: string;
  readonly stage: string;
  readonly fingerprint: string;
  readonly code: string;
  readonly errors: number;
  /** Of these, the ones that ended as dead letters. */
  readonly dead: number;
  /** Within the window; epoch ms. */
  readonly firstSeen: number;
  readonly lastSeen: number;
  /** One of its messages, and a task that failed so. */
  readonly message: string;
  readonly taskId: string;
  /** Per bucket. */
  readonly counts: number[];
}

export interface ErrorGroups {
  readonly from: number;
  readonly to: number;
  readonly stepMs: number;
  readonly t: number[];
  readonly partialSince: number | null;
  /** Most frequent first. */
  readonly groups: ErrorGroup[];
}

export function errorsQuery(question: ErrorQuestion): Query {
  const { pipeline, stage, pipelines, tenant, window, limit } = question;
  const named = pipelines?.map((_, index) => `{p${index}: String}`).join(', ');
  const conditions = [
    't >= toDateTime({from: UInt32})',
    't < toDateTime({to: UInt32})',
    ...(pipeline === undefined ? [] : ['pipeline = {pipeline: String}']),
    ...(stage === undefined ? [] : ['stage = {stage: String}']),
    ...(named === undefined ? [] : [`pipeline IN (${named})`]),
  ];
  const params = { pipeline, stage, tenant, limit, step: window.stepMs / 1_000 };
  return {
    sql: `SELECT
  pipeline, stage, error_fingerprint AS fingerprint, error_code AS code,
  sum(errors) AS total, sum(dead) AS given_up,
  toUnixTimestamp64Milli(min(first_seen)) AS first_ms, toUnixTimestamp64Milli(max(last_seen)) AS last_ms,
  max(error_message) AS message, max(task_id) AS example,
  sumMap(map(intDiv(toUnixTimestamp(t), {step: UInt32}) * {step: UInt32}, errors)) AS buckets
FROM ${tenant === undefined ? 'errors_1m' : ownRows}
WHERE ${conditions.join(' AND ')}
GROUP BY pipeline, stage, fingerprint, code
ORDER BY total DESC, last_ms DESC
LIMIT {limit: UInt32}`,
    params: {
      ...definedFields(params),
      from: window.fromMs / 1_000,
      to: window.toMs / 1_000,
      ...Object.fromEntries((pipelines ?? []).map((name, index) => [`p${index}`, name])),
    },
  };
}

const ownRows = `(
  SELECT toStartOfMinute(event_time) AS t, pipeline, stage, error_fingerprint, error_code, count() AS errors,
    countIf(outcome = 'dead') AS dead, min(event_time) AS first_seen, max(event_time) AS last_seen,
    max(attempts.error_message) AS error_message, max(attempts.task_id) AS task_id
  FROM attempts FINAL
  WHERE tenant = {tenant: String} AND error_code != ''
    AND event_time >= toDateTime({from: UInt32}) AND event_time < toDateTime({to: UInt32})
  GROUP BY t, pipeline, stage, error_fingerprint, error_code
)`;

export function errorGroupsOf({ window }: ErrorQuestion, rows: readonly Row[]): ErrorGroups {
  const t = bucketsOf(window);
  return {
    from: window.fromMs,
    to: window.toMs,
    stepMs: window.stepMs,
    t,
    partialSince: partialSince(window),
    groups: rows.map((row) => groupOf(row, t)),
  };
}

function groupOf(row: Row, t: readonly number[]): ErrorGroup {
  const counts = new Map<string, unknown>(Object.entries(row.buckets ?? {}));
  return {
    pipeline: String(row.pipeline),
    stage: String(row.stage),
    fingerprint: String(row.fingerprint),
    code: String(row.code),
    errors: Number(row.total),
    dead: Number(row.given_up),
    firstSeen: Number(row.first_ms),
    lastSeen: Number(row.last_ms),
    message: String(row.message),
    taskId: String(row.example),
    counts: t.map((ms) => Number(counts.get(String(ms / 1_000)) ?? 0)),
  };
}
