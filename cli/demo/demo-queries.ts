import type { ClickHouse } from '../../processors/sinks/clickhouse.ts';

export interface DemoProgress {
  readonly accepted: number;
  readonly ok: number;
  readonly dead: number;
  /** Stages of tasks whose row is still on its way. */
  readonly missing: number;
}

export interface StageSummary {
  readonly stage: string;
  readonly tasks: number;
  readonly ok: number;
  readonly retried: number;
  readonly dead: number;
  readonly tasksPerSecond: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
}

export interface DeadGroup {
  readonly stage: string;
  readonly code: string;
  readonly tasks: number;
  readonly sample: string;
}

const numbers = (row: Readonly<Record<string, unknown>>, key: string): number => Number(row[key] ?? 0);

/**
 * How many tasks of this run were accepted, left the last stage, or were given up; and how many stages of tasks miss a row
 * still: rows of one task come through several partitions, so its last stage may be seen before its first.
 */
export async function readProgress(clickhouse: ClickHouse, tenant: string): Promise<DemoProgress> {
  const [row = {}] = await clickhouse.query<Record<string, unknown>>(
    `SELECT uniqExactIf(task_id, was_accepted) AS accepted, uniqExactIf(task_id, was_ok AND NOT handed_on) AS ok,
       uniqExactIf(task_id, was_dead) AS dead, countIf(expected != (was_ok OR was_dead)) AS missing
     FROM (
       SELECT task_id, at_stage, max(e) AS expected, max(outcome = 'accepted') AS was_accepted, max(outcome = 'ok') AS was_ok,
         max(outcome = 'dead') AS was_dead, max(outcome = 'ok' AND next_stage != '') AS handed_on
       FROM (
         SELECT task_id, stage AS at_stage, outcome = 'accepted' AS e, outcome, next_stage FROM attempts
         WHERE tenant = {tenant: String} AND outcome IN ('accepted', 'ok', 'dead')
         UNION ALL
         SELECT task_id, next_stage, 1, 'skipped', '' FROM attempts
         WHERE tenant = {tenant: String} AND outcome = 'ok' AND next_stage != ''
       )
       GROUP BY task_id, at_stage
     )`,
    { tenant },
  );
  return {
    accepted: numbers(row, 'accepted'),
    ok: numbers(row, 'ok'),
    dead: numbers(row, 'dead'),
    missing: numbers(row, 'missing'),
  };
}

export async function readStages(clickhouse: ClickHouse, tenant: string): Promise<StageSummary[]> {
  const rows = await clickhouse.query<Record<string, unknown>>(
    `SELECT stage, uniqExact(task_id) AS tasks, countIf(outcome = 'ok') AS ok, countIf(outcome = 'retry') AS retried,
       countIf(outcome = 'dead') AS dead,
       (ok + dead) / greatest(0.001, dateDiff('millisecond', minIf(started_at, outcome != 'accepted'), max(event_time)) / 1000) AS rate,
       quantileExactIf(0.5)(run_ms, outcome NOT IN ('accepted', 'running')) AS p50,
       quantileExactIf(0.95)(run_ms, outcome NOT IN ('accepted', 'running')) AS p95
     FROM attempts FINAL WHERE tenant = {tenant: String} GROUP BY stage ORDER BY min(event_time)`,
    { tenant },
  );
  return rows.map((row) => ({
    stage: String(row.stage),
    tasks: numbers(row, 'tasks'),
    ok: numbers(row, 'ok'),
    retried: numbers(row, 'retried'),
    dead: numbers(row, 'dead'),
    tasksPerSecond: Math.round(numbers(row, 'rate') * 10) / 10,
    p50Ms: numbers(row, 'p50'),
    p95Ms: numbers(row, 'p95'),
  }));
}

export async function readDead(clickhouse: ClickHouse, tenant: string): Promise<DeadGroup[]> {
  const rows = await clickhouse.query<Record<string, unknown>>(
    `SELECT stage, error_code AS code, uniqExact(task_id) AS tasks, any(error_message) AS sample
     FROM attempts FINAL WHERE tenant = {tenant: String} AND outcome = 'dead' GROUP BY stage, code ORDER BY stage, code`,
    { tenant },
  );
  return rows.map((row) => ({
    stage: String(row.stage),
    code: String(row.code),
    tasks: numbers(row, 'tasks'),
    sample: String(row.sample),
  }));
}

/** Rows of earlier runs and of anything else in the same table. */
export async function countOtherRows(clickhouse: ClickHouse, tenant: string): Promise<number> {
  const [row = {}] = await clickhouse.query<Record<string, unknown>>(
    'SELECT count() AS others FROM attempts FINAL WHERE tenant != {tenant: String}',
    { tenant },
  );
  return numbers(row, 'others');
}
