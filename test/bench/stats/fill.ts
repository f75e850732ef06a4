import { attemptColumns } from '../../../processors/sinks/attempt-row.ts';
import type { ClickHouse } from '../../../processors/sinks/clickhouse.ts';

const chunk = 500_000;

/** Ten days up to now, three stages, a failure in fifty, three attempts a task. */
export async function fill(clickhouse: ClickHouse, attempts: number): Promise<void> {
  const values: Readonly<Record<string, string>> = {
    event_time: `now64(3) - toIntervalMillisecond(intDiv((${attempts} - number) * 864000, ${attempts}) * 1000 + number % 1000)`,
    started_at: 'event_time - toIntervalMillisecond(run_ms)',
    submitted_at:
      'now64(3) - toIntervalMillisecond(intDiv((ATTEMPTS - intDiv(number, 3) * 3) * 864000, ATTEMPTS) * 1000)',
    pipeline: "'assets'",
    stage: "['download', 'transform', 'upload'][number % 3 + 1]",
    outcome: "if(number % 50 = 0, 'dead', 'ok')",
    task_id: 'toString(reinterpretAsUUID(MD5(toString(intDiv(number, 3)))))',
    attempt: '1',
    queue_ms: 'rand(1) % 2000',
    run_ms: 'rand(2) % 900',
    bytes_in: '300',
    bytes_out: '300',
    tenant: "if(number % 4 = 0, 'acme', '')",
    worker: "concat('worker-', toString(number % 8))",
    error_code: "if(number % 50 = 0, concat('PIPE_', toString(number % 7)), '')",
    error_fingerprint: "if(number % 50 = 0, toString(number % 40), '')",
    topic: "concat('assets.', stage)",
    partition: 'number % 6',
    offset: 'number',
    next_stage: "if(number % 3 < 2, ['transform', 'upload'][number % 3 + 1], '')",
    record_offset: 'number',
  };
  const columns = attemptColumns.filter((column) => column in values);
  const select = columns.map(
    (column) => `${(values[column] ?? '').replaceAll('ATTEMPTS', String(attempts))} AS ${column}`,
  );
  for (let from = 0; from < attempts; from += chunk) {
    await clickhouse.command(
      `INSERT INTO attempts (${columns.join(', ')}) SELECT ${select.join(', ')} FROM numbers(${from}, ${chunk}) ` +
        'SETTINGS max_partitions_per_insert_block = 0, max_execution_time = 0',
    );
  }
}

/** A day of what eight workers and eighteen partitions told every five seconds. */
export async function fillSamples(clickhouse: ClickHouse): Promise<void> {
  const at = 'now64(3) - toIntervalSecond(5 * (number % 17280))';
  await clickhouse.command(
    `INSERT INTO group_lag SELECT ${at} AS t, topic AS group, ` +
      "concat('assets.', ['download', 'transform', 'upload'][intDiv(number, 17280) % 3 + 1]) AS topic, " +
      "intDiv(number, 51840) AS partition, number AS committed, number + 7 AS end_offset, 7 AS lag, 'worker-1' AS worker " +
      'FROM numbers(311040)',
  );
  await clickhouse.command(
    'INSERT INTO workers (t, worker, pipeline, stage, started_at, partitions, done) ' +
      `SELECT ${at}, concat('worker-', toString(intDiv(number, 51840))), 'assets', ` +
      "['download', 'transform', 'upload'][intDiv(number, 17280) % 3 + 1], now64(3) - toIntervalDay(2), 2, number " +
      'FROM numbers(414720)',
  );
}
