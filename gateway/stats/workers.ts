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
}

/** Four of a worker's samples. */
const silentAfterMs = 20_000;

export function workersQuery(windowMs: number, nowMs: number, pipelines?: readonly string[]): Query {
  const named = pipelines?.map((_, index) => `{p${index}: String}`).join(', ');
  const last = (column: string, alias = column): string => `argMax(${column}, t) AS last_${alias}`;
  const columns = ['code_version', 'partitions', 'in_flight', 'queued', 'done', 'failed', 'retried', 'expired'];
  return {
    sql: `SELECT worker, pipeline, stage, toUnixTimestamp64Milli(max(t)) AS seen_ms,
  toUnixTimestamp64Milli(max(started_at)) AS started_ms,
  ${[...columns, 'memory_bytes', 'is_leaving'].map((column) => last(column)).join(', ')}
FROM workers
WHERE t >= fromUnixTimestamp64Milli({from: Int64})${named === undefined ? '' : ` AND pipeline IN (${named})`}
GROUP BY worker, pipeline, stage
ORDER BY pipeline, stage, worker
LIMIT 5000`,
    params: {
      // So that all who look within a second ask the same.
      from: Math.floor((nowMs - windowMs) / 1_000) * 1_000,
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
  };
}
