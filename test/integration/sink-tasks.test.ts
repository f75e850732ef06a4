import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { attemptColumns, attemptRows } from '../../processors/sinks/attempt-row.ts';
import { type ClickHouse, connectClickHouse } from '../../processors/sinks/clickhouse.ts';
import { migrate } from '../../processors/sinks/migrate.ts';
import type { Attempt } from '../../schemas/generated/attempt-batch.ts';
import { makeTempDir } from '../helpers/temp-dir.ts';
import { aBatch, anAttempt } from '../processors/sinks/attempts.ts';

const open = (database: string): ClickHouse =>
  connectClickHouse({ url: inject('stack').clickhouseUrl, user: 'default', password: '', database });

/** Not long ago: the table drops what is older than its time to live. */
const start = Date.now() - 86_400_000;
let clickhouse: ClickHouse;
let inserts = 0;

beforeAll(async () => {
  clickhouse = open(`view${randomUUID().slice(0, 8)}`);
  await migrate(clickhouse);
});
afterAll(() => clickhouse.close());

type Step = Partial<Attempt> & { readonly stage: string; readonly at: number };

async function store(steps: readonly Step[], pipeline = 'p'): Promise<void> {
  for (const { stage, at, ...attempt } of steps) {
    inserts += 1;
    const row = anAttempt({ eventTime: start + at, startedAt: start + at - (attempt.runMs ?? 0), ...attempt });
    const lines = attemptRows(aBatch([row], { stage, pipeline }), {
      partition: 0,
      offset: inserts,
      timestampMs: start,
    });
    const rows = Buffer.from(lines.join('\n'));
    await clickhouse.insert({ table: 'attempts', columns: attemptColumns, rows, token: `view-${inserts}` });
  }
}

async function taskOf(taskId: string): Promise<Record<string, unknown> | undefined> {
  const [row] = await clickhouse.query<Record<string, unknown>>(
    `SELECT pipeline, stage, state, attempts, toUnixTimestamp64Milli(submitted_at) AS submitted,
       toUnixTimestamp64Milli(finished_at) AS finished FROM tasks WHERE task_id = {taskId: String}`,
    { taskId },
  );
  if (!row) return undefined;
  const { submitted, finished, attempts, ...rest } = row;
  const since = (time: unknown) => (time === null ? null : Number(time) - start);
  return { ...rest, attempts: Number(attempts), submitted: since(submitted), finished: since(finished) };
}

const accepted: Step = { stage: 'a', at: 100, outcome: 'accepted' };
const aHandsOn: Step = { stage: 'a', at: 130, outcome: 'ok', nextStage: 'b', queueMs: 10, runMs: 20 };
const bHandsOn: Step = { stage: 'b', at: 160, outcome: 'ok', nextStage: 'c', queueMs: 10, runMs: 20 };
const cEnds: Step = { stage: 'c', at: 190, outcome: 'ok', queueMs: 10, runMs: 20 };
const sameMs = (step: Step, queueMs: number): Step => ({ ...step, at: 100, runMs: 0, queueMs });

const cases: readonly (readonly [string, readonly Step[], Record<string, unknown>])[] = [
  ['accepted', [accepted], { stage: 'a', state: 'queued', attempts: 0, submitted: 100, finished: null }],
  [
    'accepted, then running',
    [accepted, { stage: 'a', at: 120, outcome: 'running' }],
    { stage: 'a', state: 'running', attempts: 0 },
  ],
  ['handed on', [accepted, aHandsOn], { stage: 'b', state: 'queued', attempts: 1, submitted: 100, finished: null }],
  [
    'running in the second stage',
    [aHandsOn, { stage: 'b', at: 150, outcome: 'running' }],
    { stage: 'b', state: 'running', attempts: 1 },
  ],
  [
    'waiting for its next try',
    [accepted, { stage: 'a', at: 120, outcome: 'retry' }],
    { stage: 'a', state: 'waiting', attempts: 1 },
  ],
  [
    'through all stages',
    [accepted, aHandsOn, bHandsOn, cEnds],
    { stage: 'c', state: 'succeeded', attempts: 3, submitted: 100, finished: 190 },
  ],
  [
    'never accepted by a gateway',
    [aHandsOn, bHandsOn, cEnds],
    { stage: 'c', state: 'succeeded', attempts: 3, submitted: 100, finished: 190 },
  ],
  [
    'dead after tries',
    [aHandsOn, { stage: 'b', at: 140, outcome: 'retry' }, { stage: 'b', at: 150, outcome: 'dead' }],
    { stage: 'b', state: 'dead', attempts: 3, finished: 150 },
  ],
  [
    'cancelled',
    [accepted, { stage: 'a', at: 120, outcome: 'cancelled' }],
    { stage: 'a', state: 'cancelled', finished: 120 },
  ],
  ['expired', [aHandsOn, { stage: 'b', at: 150, outcome: 'expired' }], { stage: 'b', state: 'expired', finished: 150 }],
  [
    'run again and skipped',
    [aHandsOn, { stage: 'b', at: 150, outcome: 'dead' }, { stage: 'a', at: 300, outcome: 'skipped' }],
    { stage: 'b', state: 'dead', finished: 150 },
  ],
  ['not due yet', [{ stage: 'a', at: 150, outcome: 'skipped', nextStage: 'a' }], { stage: 'a', state: 'waiting' }],
  ['skipped and nothing else', [{ stage: 'a', at: 150, outcome: 'skipped' }], { stage: 'a', state: 'succeeded' }],
  [
    'all in one millisecond',
    [sameMs(accepted, 0), sameMs(aHandsOn, 3), sameMs(bHandsOn, 2), sameMs(cEnds, 1)],
    { stage: 'c', state: 'succeeded', finished: 100 },
  ],
  [
    'two stages in one millisecond, on its way',
    [sameMs(aHandsOn, 3), sameMs(bHandsOn, 2)],
    { stage: 'c', state: 'queued', finished: null },
  ],
  [
    'retry and death in one millisecond',
    [
      { stage: 'a', at: 100, outcome: 'dead' },
      { stage: 'a', at: 100, outcome: 'retry' },
    ],
    { state: 'dead' },
  ],
  [
    'running and done in one millisecond',
    [
      { stage: 'a', at: 100, outcome: 'ok' },
      { stage: 'a', at: 100, outcome: 'running' },
    ],
    { state: 'succeeded' },
  ],
  [
    'replayed after death, in the queue',
    [aHandsOn, { stage: 'b', at: 150, outcome: 'dead' }, { stage: 'a', at: 900, outcome: 'ok', nextStage: 'b' }],
    { stage: 'b', state: 'queued', attempts: 3, submitted: 100, finished: null },
  ],
  [
    'replayed after success, dead now',
    [aHandsOn, { ...cEnds, stage: 'b' }, { stage: 'a', at: 900, outcome: 'dead' }],
    { stage: 'a', state: 'dead', attempts: 3, finished: 900 },
  ],
];

describe('the view tasks', () => {
  it.each(cases)('shows a task %s', async (_name, steps, expected) => {
    const forwards = { taskId: randomUUID(), steps };
    const backwards = { taskId: randomUUID(), steps: steps.toReversed() };
    for (const { taskId, steps: order } of [forwards, backwards]) {
      await store(order.map((step) => ({ ...step, taskId })));
      expect(await taskOf(taskId)).toMatchObject(expected);
    }
  });

  it('keeps tasks of the same id in two pipelines apart', async () => {
    const taskId = randomUUID();
    await store([{ ...accepted, taskId }], 'one');
    await store([{ ...cEnds, taskId }], 'two');
    const rows = await clickhouse.query<{ pipeline: string; state: string }>(
      'SELECT pipeline, state FROM tasks WHERE task_id = {taskId: String} ORDER BY pipeline',
      { taskId },
    );
    expect(rows).toEqual([
      { pipeline: 'one', state: 'queued' },
      { pipeline: 'two', state: 'succeeded' },
    ]);
  });

  it('finds one task by the index on its id', async () => {
    const plan = await clickhouse.query<{ explain: string }>(
      "EXPLAIN indexes = 1 SELECT * FROM tasks WHERE task_id = 'one'",
    );
    expect(plan.map(({ explain }) => explain).join('\n')).toContain('task_id_bloom');
  });

  it('takes rows at the edges of every column', async () => {
    const taskId = "ключ “\u0000\n\t\\'";
    await store([
      {
        stage: 'a',
        at: 0,
        taskId,
        eventTime: Number.MIN_SAFE_INTEGER,
        startedAt: Number.MAX_SAFE_INTEGER,
        queueMs: Number.MAX_SAFE_INTEGER,
      },
      {
        stage: 'a',
        at: 0,
        taskId,
        attempt: 2 ** 31 - 1,
        bytesIn: -1,
        offset: Number.MAX_SAFE_INTEGER,
        attrs: { '': '\ud800', __proto__x: 'y' },
      },
    ]);
    expect(await taskOf(taskId)).toMatchObject({ attempts: 2, state: 'succeeded' });
  });
});

describe('migrations', () => {
  const fresh = (): ClickHouse => open(`mig${randomUUID().slice(0, 8)}`);

  it('are applied once, also when two begin at once', async () => {
    const database = fresh();
    const [first, second] = await Promise.all([migrate(database), migrate(database)]);
    expect(first?.length).toBeGreaterThanOrEqual(2);
    expect(second).toEqual(expect.any(Array));
    expect(await migrate(database)).toEqual([]);
    const rows = await database.query<{ n: string }>('SELECT count() AS n FROM schema_migrations FINAL');
    expect(Number(rows[0]?.n)).toBe(first?.length);
    await database.close();
  });

  it('refuse a file that changed after it was applied, and a database ahead of them', async () => {
    const database = fresh();
    const folder = join(makeTempDir(), 'sql');
    await mkdir(folder);
    const from = pathToFileURL(`${folder}/`);
    const write = (name: string, sql: string) => writeFile(join(folder, name), sql);
    await write('0001_one.sql', '-- first\nCREATE TABLE one (a UInt8) ENGINE = Memory;\nINSERT INTO one VALUES (1);\n');
    await write('0002_two.sql', 'CREATE TABLE two (a UInt8) ENGINE = Memory;');
    expect(await migrate(database, from)).toEqual(['0001_one.sql', '0002_two.sql']);
    await write('0001_one.sql', 'CREATE TABLE one (a UInt16) ENGINE = Memory;');
    await expect(migrate(database, from)).rejects.toMatchObject({ code: 'PIPE_CLICKHOUSE_MIGRATION_CHANGED' });
    await database.command("INSERT INTO schema_migrations (version, name, checksum) VALUES (9000, 'later', 'x')");
    await expect(migrate(database)).rejects.toMatchObject({ code: 'PIPE_CLICKHOUSE_SCHEMA_NEWER' });
    await database.close();
  });
});

describe('the port to ClickHouse', () => {
  it('tells no answer from a refusal, and never says a password', async () => {
    const away = connectClickHouse({
      url: 'http://u:s3cret@127.0.0.1:1',
      user: 'u',
      password: 's3cret',
      database: 'x',
    });
    const failure = await away.ping().catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'PIPE_CLICKHOUSE_UNAVAILABLE', retryable: true });
    expect(JSON.stringify([String(failure), failure])).not.toContain('s3cret');
    await away.close();
    await expect(clickhouse.query('SELECT nonsense')).rejects.toMatchObject({
      code: 'PIPE_CLICKHOUSE_QUERY',
      retryable: false,
    });
  });

  it('runs what a person wrote, reading only and within limits', async () => {
    const run = async (sql: string, maxResultRows = 100) => {
      const result = await clickhouse.runUserQuery({
        sql,
        defaultFormat: 'CSV',
        maxExecutionSeconds: 1,
        maxResultRows,
      });
      return Buffer.concat(await result.toArray()).toString();
    };
    expect(await run('SELECT 1, 2')).toBe('1,2\n');
    expect(await run('SELECT 1 AS a FORMAT JSONEachRow')).toBe('{"a":1}\n');
    for (const sql of [
      'DROP TABLE attempts',
      "INSERT INTO attempts (task_id) VALUES ('x')",
      'SELECT 1 SETTINGS max_execution_time = 100',
      'SELECT number FROM numbers(101)',
      'SELECT count() FROM numbers(1000000000000)',
    ]) {
      await expect(run(sql)).rejects.toMatchObject({ code: 'PIPE_CLICKHOUSE_QUERY' });
    }
  });
});
