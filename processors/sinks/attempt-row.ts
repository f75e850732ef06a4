import type { Attempt, AttemptBatch } from '../../schemas/generated/attempt-batch.ts';

/** Where a batch of attempts stands in penstock.attempts. */
export interface BatchPlace {
  readonly partition: number;
  readonly offset: number;
  /** Of the record: what stands in for times that cannot be. */
  readonly timestampMs: number;
}

/** Columns of `attempts` in the order of attemptRows. */
export const attemptColumns = [
  ...['event_time', 'started_at', 'pipeline', 'stage', 'outcome', 'task_id', 'parent_id', 'tenant', 'attempt'],
  ...['queue_ms', 'run_ms', 'bytes_in', 'bytes_out', 'worker', 'code_version', 'error_code', 'error_fingerprint'],
  ...['error_message', 'topic', 'partition', 'offset', 'next_stage', 'replay_id', 'trace_id', 'attrs'],
  ...['record_partition', 'record_offset', 'record_index', 'submitted_at'],
] as const;

type Row = readonly (string | number | Readonly<Record<string, string>>)[];

/** The table takes dates of these years. */
const earliestMs = Date.UTC(2000, 0, 1);
const latestMs = Date.UTC(2100, 0, 1) - 1;
/** A time further from its record's is from a broken clock: it would be dropped as too old, or open a partition of its own. */
const longestBehindMs = 30 * 86_400_000;
const longestAheadMs = 86_400_000;
const longestWaitMs = 366 * 86_400_000;
const maxText = 1000;
const maxAttrs = 64;

/**
 * The rows of one record as JSONCompactEachRow, one line each. Every value fits its column, whatever came in: the
 * insert is all or nothing, so one odd value would hold up all others.
 */
export function attemptRows(batch: AttemptBatch, place: BatchPlace): string[] {
  return batch.attempts.map((attempt, index) => lineOf(rowOf(batch, attempt, { ...place, index })));
}

function rowOf(batch: AttemptBatch, attempt: Attempt, place: BatchPlace & { readonly index: number }): Row {
  return [
    time(attempt.eventTime, place.timestampMs),
    time(attempt.startedAt, place.timestampMs),
    text(batch.pipeline),
    text(batch.stage),
    attempt.outcome,
    text(attempt.taskId),
    text(attempt.parentId),
    text(attempt.tenant),
    count(attempt.attempt, maxUInt32),
    count(attempt.queueMs, maxDurationMs),
    count(attempt.runMs, maxDurationMs),
    count(attempt.bytesIn),
    count(attempt.bytesOut),
    text(batch.worker),
    text(batch.codeVersion),
    text(attempt.errorCode),
    text(attempt.errorFingerprint),
    text(attempt.errorMessage),
    text(batch.topic),
    count(attempt.partition, maxUInt32),
    count(attempt.offset),
    text(attempt.nextStage),
    text(attempt.replayId),
    text(attempt.traceId),
    attrs(attempt.attrs),
    place.partition,
    place.offset,
    place.index,
    submission(attempt, place.timestampMs),
  ];
}

const maxUInt32 = 2 ** 32 - 1;
/** A century: what is subtracted from a date stays a date. */
const maxDurationMs = 100 * 366 * 86_400_000;

function time(epochMs: number, recordMs: number): number {
  const isPlausible = epochMs >= recordMs - longestBehindMs && epochMs <= recordMs + longestAheadMs;
  return Math.round(clamp(isPlausible ? epochMs : recordMs, earliestMs, latestMs));
}

/** All rows of a task agree in it, so it is kept for a year; a time that cannot be is as good as none. */
function submission({ submittedAt }: Attempt, recordMs: number): number {
  const isPlausible = submittedAt >= recordMs - longestWaitMs && submittedAt <= recordMs + longestAheadMs;
  return isPlausible ? Math.round(clamp(submittedAt, earliestMs, latestMs)) : 0;
}

const count = (value: number, max = Number.MAX_SAFE_INTEGER): number => Math.round(clamp(value, 0, max));
const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value || 0));
const text = (value: string): string => (value.length <= maxText ? value : value.slice(0, maxText));

function attrs(values: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const entries = Object.entries(values);
  if (entries.length === 0) return values;
  return Object.fromEntries(entries.slice(0, maxAttrs).map(([name, value]) => [text(name), text(value)]));
}

/** Half a surrogate pair, from a cut or from a producer, is an escape that ClickHouse refuses. */
function lineOf(row: Row): string {
  const line = JSON.stringify(row);
  if (!line.includes('\\ud')) return line;
  return line.replaceAll(/\\\\|\\ud[0-9a-f]{3}/g, (found) => (found === '\\\\' ? found : '\\ufffd'));
}
