import { isResultBlob, type ResultBlob } from '../../schemas/task-ending.ts';
import { definedFields } from '../defined-fields.ts';
import {
  maxTimelineRows,
  type Scope,
  type TaskDetail,
  type TaskFilter,
  type TaskState,
  type TaskSummary,
  type TimelineEntry,
} from './history.ts';

/** SQL with {name: Type} parameters; values never become part of the text. */
export interface Query {
  readonly sql: string;
  readonly params: Readonly<Record<string, string | number>>;
}

export type Row = Readonly<Record<string, unknown>>;

const ms = (column: string): string => `toUnixTimestamp64Milli(${column})`;
const taskColumns =
  'task_id, pipeline, stage, toString(state) AS state_name, attempts, ' +
  `${ms('submitted_at')} AS submitted_ms, ${ms('finished_at')} AS finished_ms`;
const settings = 'SETTINGS max_execution_time = 10';

export function taskQuery(id: string, scope: Scope): Query {
  const conditions = ['task_id = {id: String}', ...seen(scope, 'WHERE task_id = {id: String}')];
  return {
    sql: `SELECT ${taskColumns} FROM tasks WHERE ${conditions.join(' AND ')} LIMIT 1 ${settings}`,
    params: { id, ...scopeParams(scope) },
  };
}

export function timelineQuery(id: string, scope: Scope): Query {
  const columns =
    `${ms('event_time')} AS event_ms, stage, toString(outcome) AS outcome_name, attempt, queue_ms, run_ms, worker, ` +
    'error_code, error_message, topic, partition, offset, next_stage, attrs';
  const conditions = ['task_id = {id: String}', ...seen(scope, 'WHERE task_id = {id: String}')];
  return {
    sql:
      // Not FINAL, which would leave the index on task_id aside: a row that is there twice has one place.
      `SELECT ${columns} FROM attempts WHERE ${conditions.join(' AND ')} ` +
      `ORDER BY event_time, outcome != 'accepted', record_partition, record_offset, record_index ` +
      `LIMIT 1 BY record_partition, record_offset, record_index LIMIT ${maxTimelineRows} ${settings}`,
    params: { id, ...scopeParams(scope) },
  };
}

/**
 * Conditions that leave what the scope allows. A task is a tenant's own when all its rows are: ids come from producers,
 * so two tenants may have used the same one, and then neither sees it.
 */
function seen({ tenant, pipelines }: Scope, rows = ''): string[] {
  const names = pipelines?.map((_, index) => `{scopePipeline${index}: String}`).join(', ');
  const own =
    `SELECT task_id, pipeline FROM attempts ${rows} GROUP BY task_id, pipeline ` +
    'HAVING min(tenant) = {scopeTenant: String} AND max(tenant) = {scopeTenant: String}';
  return [
    ...(tenant === undefined ? [] : [`(task_id, pipeline) IN (${own})`]),
    ...(names === undefined ? [] : [`pipeline IN (${names})`]),
  ];
}

function scopeParams({ tenant, pipelines = [] }: Scope): Readonly<Record<string, string>> {
  const named = pipelines.map((name, index) => [`scopePipeline${index}`, name]);
  return { ...Object.fromEntries(named), ...(tenant !== undefined && { scopeTenant: tenant }) };
}

/** Of submissions, so that a condition on the time is quick; a task that was submitted twice stands there twice. */
export function tasksQuery(filter: TaskFilter): Query {
  const { scope, pipeline, stage, state, search, since, until, limit, after } = filter;
  const conditions = [
    ...seen(scope),
    pipeline !== undefined && 'pipeline = {pipeline: String}',
    stage !== undefined && 'stage = {stage: String}',
    state !== undefined && 'state = {state: String}',
    search !== undefined && 'position(task_id, {search: String}) > 0',
    since !== undefined && 'submitted_at >= fromUnixTimestamp64Milli({since: Int64})',
    until !== undefined && 'submitted_at < fromUnixTimestamp64Milli({until: Int64})',
    after && '(submitted_at, task_id) < (fromUnixTimestamp64Milli({afterMs: Int64}), {afterId: String})',
  ].filter((condition) => typeof condition === 'string');
  const where = conditions.length > 0 ? `WHERE ${conditions.join(' AND ')} ` : '';
  const page = { limit, afterMs: after?.submittedAt, afterId: after?.id };
  const values = { ...page, pipeline, stage, state, search, since, until };
  return {
    sql: `SELECT ${taskColumns} FROM task_submissions ${where}ORDER BY submitted_at DESC, task_id DESC LIMIT {limit: UInt32} ${settings}`,
    params: { ...definedFields(values), ...scopeParams(scope) },
  };
}

export function taskSummary(row: Row): TaskSummary {
  const finishedMs = Number(row.finished_ms);
  return {
    id: String(row.task_id),
    pipeline: String(row.pipeline),
    stage: String(row.stage),
    state: String(row.state_name) as TaskState,
    submittedAt: iso(row.submitted_ms),
    finishedAt: finishedMs > 0 ? iso(finishedMs) : null,
    attempts: Number(row.attempts),
  };
}

export function taskDetail(task: Row, timeline: readonly Row[]): TaskDetail {
  const results = timeline.map(resultOf).filter((result) => result !== undefined);
  return { ...taskSummary(task), ...results.at(-1), timeline: timeline.map(timelineEntry) };
}

function timelineEntry(row: Row): TimelineEntry {
  return {
    time: iso(row.event_ms),
    stage: String(row.stage),
    outcome: String(row.outcome_name),
    attempt: Number(row.attempt),
    queueMs: Number(row.queue_ms),
    runMs: Number(row.run_ms),
    worker: String(row.worker),
    errorCode: String(row.error_code),
    errorMessage: String(row.error_message),
    topic: String(row.topic),
    partition: Number(row.partition),
    offset: Number(row.offset),
    ...definedFields({
      nextStage: text(row.next_stage),
      progress: text(attrsOf(row).progress) === undefined ? undefined : Number(attrsOf(row).progress),
      note: text(attrsOf(row).note),
    }),
  };
}

/** What the row keeps of `result()`; the engine wrote it, but anybody may write to Kafka. */
function resultOf(row: Row): { readonly result: unknown; readonly blob?: ResultBlob } | undefined {
  const { result, blob } = attrsOf(row);
  if (typeof result !== 'string' || row.outcome_name !== 'ok') return undefined;
  try {
    const parsed: unknown = typeof blob === 'string' ? JSON.parse(blob) : undefined;
    return { result: JSON.parse(result), ...(isResultBlob(parsed) && { blob: parsed }) };
  } catch {
    return undefined;
  }
}

const attrsOf = ({ attrs }: Row): Readonly<Record<string, unknown>> =>
  typeof attrs === 'object' && attrs !== null ? { ...attrs } : {};

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

const iso = (epochMs: unknown): string => new Date(Number(epochMs)).toISOString();
