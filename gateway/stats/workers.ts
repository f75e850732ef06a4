import type { Query, Row } from '../history/queries.ts';

/** A worker and one of its stages, by its last word. */
export interface WorkerState {
  readonly worker: string;
  readonly pipeline: string;
  readonly stage: string;
  /** `silent`: no word for 20 s, so it may be gone; `left`: it said goodbye. */
  readonly state: 'running' | 'silent' | 'left';
  readonly startedAt: number;
  readonly lastSeen: number;
  readonly codeVersion: string;
  readonly partitions: number;
  readonly inFlight: number;
  readonly queued: number;
  readonly done: number;
  readonly failed: number;
  readonly retried: number;
  readonly expired: number;
  readonly memoryBytes: number;
  /** Over the last ten seconds or so; null: there is no word from before them. */
  readonly donePerSecond: number | null;
  readonly failedPerSecond: number | null;
}

/** Four of a worker's samples. */
const silentAfterMs = 20_000;
/** Two samples. */
const recentMs = 10_000;

export function workersQuery(windowMs: number, nowMs: number, pipelines?: readonly string[]): Query {
  const named = pipelines?.map((_, index) => `{p${index}: String}`).join(', ');
  const last = (column: string, alias = column): string => `argMax(${column}, t) AS last_${alias}`;
  const before = 't <= fromUnixTimestamp64Milli({recent: Int64})';
  const columns = ['code_version', 'partitions', 'in_flight', 'queued', 'done', 'failed', 'retried', 'expired'];
  return {
    sql: `SELECT worker, pipeline, stage, toUnixTimestamp64Milli(max(t)) AS seen_ms,
  toUnixTimestamp64Milli(max(started_at)) AS started_ms,
  ${[...columns, 'memory_bytes', 'is_leaving'].map((column) => last(column)).join(', ')},
  ${['done', 'failed', 'retried'].map((column) => `argMaxIf(${column}, t, ${before}) AS ${column}_before`).join(', ')},
  toUnixTimestamp64Milli(maxIf(t, ${before})) AS before_ms
FROM workers
WHERE t >= fromUnixTimestamp64Milli({from: Int64})${named === undefined ? '' : ` AND pipeline IN (${named})`}
GROUP BY worker, pipeline, stage
ORDER BY pipeline, stage, worker
LIMIT 5000`,
    params: {
      // So that all who look within a second ask the same.
      from: Math.floor((nowMs - windowMs) / 1_000) * 1_000,
      recent: Math.floor((nowMs - recentMs) / 1_000) * 1_000,
      ...Object.fromEntries((pipelines ?? []).map((name, index) => [`p${index}`, name])),
    },
  };
}

export function workerOf(row: Row, nowMs: number): WorkerState {
  const lastSeen = Number(row.seen_ms);
  const isLeaving = row.last_is_leaving === true || row.last_is_leaving === 1;
  return {
    worker: String(row.worker),
    pipeline: String(row.pipeline),
    stage: String(row.stage),
    state: isLeaving ? 'left' : nowMs - lastSeen > silentAfterMs ? 'silent' : 'running',
    startedAt: Number(row.started_ms),
    lastSeen,
    codeVersion: String(row.last_code_version),
    partitions: Number(row.last_partitions),
    inFlight: Number(row.last_in_flight),
    queued: Number(row.last_queued),
    done: Number(row.last_done),
    failed: Number(row.last_failed),
    retried: Number(row.last_retried),
    expired: Number(row.last_expired),
    memoryBytes: Number(row.last_memory_bytes),
    donePerSecond: rateOf(row, ['done']),
    failedPerSecond: rateOf(row, ['failed', 'retried']),
  };
}

/** By the last word and the newest one that is ten seconds old; a process that was started anew counts from nothing. */
function rateOf(row: Row, columns: readonly string[]): number | null {
  const seconds = (Number(row.seen_ms) - Number(row.before_ms)) / 1_000;
  if (!(Number(row.before_ms) > 0) || seconds <= 0) return null;
  const grown = columns.reduce((sum, name) => sum + Number(row[`last_${name}`]) - Number(row[`${name}_before`]), 0);
  return Math.round((Math.max(0, grown) / seconds) * 10) / 10;
}
