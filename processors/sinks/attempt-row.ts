import type { Attempt, AttemptBatch } from '../../schemas/generated/attempt-batch.ts';
import {
  type ColumnValues,
  compactLine,
  countValue,
  dateValue,
  longestAheadMs,
  maxUInt32,
  textValue,
  timeValue,
} from './column-values.ts';

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

const longestWaitMs = 366 * 86_400_000;
const maxAttrs = 64;

/**
 * The rows of one record as JSONCompactEachRow, one line each. Every value fits its column, whatever came in: the
 * insert is all or nothing, so one odd value would hold up all others.
 */
export function attemptRows(batch: AttemptBatch, place: BatchPlace): string[] {
  return batch.attempts.map((attempt, index) => compactLine(rowOf(batch, attempt, { index, ...place })));
}

function rowOf(batch: AttemptBatch, attempt: Attempt, place: BatchPlace & { readonly index: number }): ColumnValues {
  return [
    timeValue(attempt.eventTime, place.timestampMs),
    timeValue(attempt.startedAt, place.timestampMs),
    textValue(batch.pipeline),
    textValue(batch.stage),
    attempt.outcome,
    textValue(attempt.taskId),
    textValue(attempt.parentId),
    textValue(attempt.tenant),
    countValue(attempt.attempt, maxUInt32),
    countValue(attempt.queueMs, maxDurationMs),
    countValue(attempt.runMs, maxDurationMs),
    countValue(attempt.bytesIn),
    countValue(attempt.bytesOut),
    textValue(batch.worker),
    textValue(batch.codeVersion),
    textValue(attempt.errorCode),
    textValue(attempt.errorFingerprint),
    textValue(attempt.errorMessage),
    textValue(batch.topic),
    countValue(attempt.partition, maxUInt32),
    countValue(attempt.offset),
    textValue(attempt.nextStage),
    textValue(attempt.replayId),
    textValue(attempt.traceId),
    attrs(attempt.attrs),
    place.partition,
    place.offset,
    place.index,
    submission(attempt, place.timestampMs),
  ];
}

/** A century: what is subtracted from a date stays a date. */
const maxDurationMs = 100 * 366 * 86_400_000;

/** All rows of a task agree in it, so it is kept for a year; a time that cannot be is as good as none. */
function submission({ submittedAt }: Attempt, recordMs: number): number {
  const isPlausible = submittedAt >= recordMs - longestWaitMs && submittedAt <= recordMs + longestAheadMs;
  return isPlausible ? dateValue(submittedAt) : 0;
}

function attrs(values: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const entries = Object.entries(values);
  if (entries.length === 0) return values;
  return Object.fromEntries(entries.slice(0, maxAttrs).map(([name, value]) => [textValue(name), textValue(value)]));
}
