import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { buildGateway } from '../../gateway/app.ts';
import { connectHistoryStore, type HistoryStore } from '../../gateway/plugins/clickhouse.ts';
import { attemptColumns, attemptRows } from '../../processors/sinks/attempt-row.ts';
import { type ClickHouse, connectClickHouse } from '../../processors/sinks/clickhouse.ts';
import { migrate } from '../../processors/sinks/migrate.ts';
import { lagColumns, sampleRows, workerColumns } from '../../processors/sinks/sample-rows.ts';
import { createCodec } from '../../schemas/codec.ts';
import { loadConfig } from '../../schemas/config.ts';
import { downloadTaskSchema } from '../../schemas/generated/download-task.ts';
import { connectKafka } from '../../topics/client.ts';
import { aBatch, anAttempt } from '../processors/sinks/attempts.ts';

const name = `st${randomUUID().slice(0, 8)}`;
const second = 1_000;
const now = Date.now();
const logger = pino({ level: 'silent' });
let clickhouse: ClickHouse;
let store: HistoryStore;
let app: FastifyInstance;

/** Sixty seconds of ten attempts each; every tenth fails, every second is acme's. */
const attempts = Array.from({ length: 600 }, (_, index) => {
  const eventTime = now - 5 * second - Math.floor(index / 10) * second;
  return anAttempt({
    taskId: `t${index}`,
    eventTime,
    startedAt: eventTime - 10,
    submittedAt: eventTime - 100,
    queueMs: 40,
    runMs: index % 100,
    bytesIn: 5,
    tenant: index % 2 === 0 ? 'acme' : '',
    offset: index,
    ...(index % 10 === 0 && {
      outcome: 'dead' as const,
      errorCode: 'PIPE_X',
      errorFingerprint: 'f',
      errorMessage: "it's\nbad",
    }),
  });
});

beforeAll(async () => {
  const { clickhouseUrl, brokers, registryUrl } = inject('stack');
  const env = {
    PENSTOCK_CLICKHOUSE_URL: clickhouseUrl,
    PENSTOCK_CLICKHOUSE_DATABASE: name,
    PENSTOCK_BROKERS: brokers,
    PENSTOCK_REGISTRY_URL: registryUrl,
    PENSTOCK_TOKENS: 'all, t roles=read tenant=acme',
  };
  const config = loadConfig(env);
  clickhouse = connectClickHouse(config.clickhouse);
  await migrate(clickhouse);
  const place = { partition: 0, offset: 0, timestampMs: now };
  const rows = attemptRows(aBatch(attempts, { pipeline: name, stage: 's', topic: `${name}.s` }), place).join('\n');
  await clickhouse.insert({ table: 'attempts', columns: attemptColumns, rows: Buffer.from(rows), token: 'one' });
  const broker = connectKafka({ brokers: brokers.split(','), ssl: false, clientId: name, logger });
  const admin = await broker.admin();
  await admin.createTopics([{ name: `${name}.s`, partitions: 2, config: {} }]);
  await admin.close();
  const producer = await broker.producer();
  await producer.send(
    Array.from({ length: 7 }, () => ({ topic: `${name}.s`, partition: 1, key: null, value: Buffer.from('{}') })),
  );
  await producer.close();
  store = connectHistoryStore(config.clickhouse);
  const pipelines = [{ name, stages: [{ name: 's', input: downloadTaskSchema }] }];
  app = buildGateway({ config, broker, codec: createCodec({ registryUrl }), pipelines, logger, store });
});

afterAll(async () => {
  await app?.close();
  await clickhouse?.close();
});

const get = async (url: string, token = 'all') => {
  const answer = await app.inject({ url, headers: { authorization: `Bearer ${token}` } });
  return { status: answer.statusCode, body: answer.json() };
};
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

async function storeSample(at: number, committed: number, endOffset: number): Promise<void> {
  const stage = {
    pipeline: name,
    stage: 's',
    partitions: 2,
    inFlight: 3,
    queued: 4,
    done: committed,
    failed: 0,
    retried: 0,
    expired: 0,
  };
  const lags = [{ group: `${name}.s`, topic: `${name}.s`, partition: 1, committed, endOffset }];
  const sample = {
    worker: 'w',
    at,
    startedAt: at,
    codeVersion: 'v',
    memoryBytes: 1,
    isLeaving: false,
    stages: [stage],
    lags,
  };
  for (const line of sampleRows(sample, at)) {
    const [table = '', row = ''] = [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)];
    const columns = table === 'workers' ? workerColumns : lagColumns;
    await clickhouse.insert({ table, columns, rows: Buffer.from(row), token: `${table}${at}` });
  }
}

describe('GET /v1/pipelines/:p/stats', () => {
  it.each(['1s', '10s', '1m', '1h', '1d'])('counts all, in steps of %s', async (step) => {
    const window = { '1s': '2m', '10s': '10m', '1m': '1h', '1h': '48h', '1d': '10d' }[step];
    const { status, body } = await get(`/v1/pipelines/${name}/stats?window=${window}&step=${step}`);
    expect(status).toBe(200);
    const [series] = body.series;
    expect(series.ok).toHaveLength(body.t.length);
    expect([sum(series.ok), sum(series.dead), sum(series.bytes)]).toEqual([540, 60, 3_000]);
    expect(body.totals[0]).toMatchObject({ ok: 540, dead: 60, wait: { p50: 40, p99: 40 } });
    expect(Math.abs(body.totals[0].run.p95 - 95)).toBeLessThan(3);
    const rows = await clickhouse.query<{ bucket: string }>(body.sql);
    expect(rows.length).toBeGreaterThan(1);
  });

  it('gives a tenant its own', async () => {
    const { body } = await get(`/v1/pipelines/${name}/stats?window=1h&step=1m`, 't');
    expect(body.totals[0]).toMatchObject({ ok: 240, dead: 60 });
  });
});

it('GET /v1/stats/errors groups failures and counts them per bucket', async () => {
  for (const token of ['all', 't']) {
    const { status, body } = await get('/v1/stats/errors?window=1h&step=1m', token);
    expect(status).toBe(200);
    expect(body.groups).toMatchObject([{ code: 'PIPE_X', errors: 60, dead: 60, message: "it's\nbad", stage: 's' }]);
    expect(sum(body.groups[0].counts)).toBe(60);
    expect(body.groups[0].lastSeen).toBe(now - 5 * second);
  }
});

it('GET /v1/pipelines tells the lag as Kafka has it, its pace, and who works', async () => {
  const before = await get('/v1/pipelines');
  expect(before.body.pipelines[0].stages[0]).toMatchObject({ lag: 7, trend: 'unknown', etaMs: null, workers: 0 });
  expect(before.body.pipelines[0].stages[0].partitions).toHaveLength(2);
  const at = Date.now();
  await storeSample(at - 20_000, 0, 7);
  await storeSample(at, 20, 17);
  const stage = await expect
    .poll(async () => (await get(`/v1/pipelines/${name}`)).body.stages[0], { timeout: 10_000, interval: 200 })
    .toMatchObject({ workers: 1 })
    .then(async () => (await get(`/v1/pipelines/${name}`)).body.stages[0]);
  expect(stage).toMatchObject({
    lag: 7,
    inPerSecond: 0.5,
    outPerSecond: 1,
    trend: 'draining',
    etaMs: 14_000,
    inFlight: 3,
  });
  const { body } = await get('/v1/stats/workers');
  expect(body.workers).toMatchObject([{ worker: 'w', stage: 's', state: 'running', queued: 4, codeVersion: 'v' }]);
});

const allowed: readonly string[] = [
  'SELECT 1',
  'WITH c AS (SELECT task_id FROM attempts) SELECT count() FROM tasks WHERE task_id IN c AND task_id IN (SELECT task_id FROM c)',
  `SELECT stage, countIf(outcome = 'ok') AS n, quantilesTDigestMerge(0.5, 0.9, 0.95, 0.99)(run) FROM ${name}.throughput_1m GROUP BY ALL`,
  'SELECT toStartOfMinute(event_time) AS m, count(DISTINCT task_id), row_number() OVER (ORDER BY m) FROM attempts AS a GROUP BY m ORDER BY m DESC LIMIT 3',
  'SELECT arrayMap(x -> x + 1, [1, 2]), CASE WHEN 1 THEN 2 ELSE 3 END, CAST(1 AS String), 5::Int8, INTERVAL 1 DAY, CASE 3 WHEN 3 THEN 1 END',
  'SELECT dummy FROM system.one',
  'SELECT number FROM numbers(5) UNION ALL (SELECT 2) EXCEPT SELECT 3',
  'SELECT * EXCEPT(attrs) FROM attempts LEFT JOIN tasks USING task_id LIMIT 1',
  "SELECT formatReadableSize(sum(bytes_in)), bar(1, 0, 2, 3), COUNT(*), toDate(max(event_time)) - 1, substring(any(task_id), 1, 3), DATE_DIFF('s', now(), now()) FROM attempts",
  "SELECT * EXCEPT(attrs) APPLY(toString), COLUMNS('run|queue') FROM attempts ORDER BY event_time DESC LIMIT 1 BY stage LIMIT 1",
  'SELECT a.stage, t.state FROM attempts AS a ANY LEFT JOIN tasks AS t ON a.task_id = t.task_id ARRAY JOIN [1, 2] AS z WHERE z > 1 LIMIT 1',
  '-- a remark\nSELECT 1 /* another */;',
];

const escapes: readonly string[] = [
  'DROP TABLE attempts',
  "INSERT INTO attempts (task_id) VALUES ('x')",
  'ALTER TABLE attempts DELETE WHERE 1',
  'SELECT 1; DROP TABLE attempts',
  'SET readonly = 0',
  'SHOW DATABASES',
  'EXPLAIN SELECT 1',
  'DESCRIBE TABLE system.users',
  'CREATE TABLE x (a Int8) ENGINE = Memory',
  'SYSTEM SHUTDOWN',
  'KILL QUERY WHERE 1',
  'SELECT * FROM system.tables',
  'SELECT * FROM `system`.`tables`',
  'SELECT * FROM "system".tables',
  'SELECT * FROM SYSTEM.TABLES',
  'SELECT * FROM information_schema.tables',
  'SELECT * FROM default.x',
  'SELECT (SELECT count() FROM system.tables)',
  "SELECT 'a' IN system.tables",
  'SELECT 1 WHERE dummy GLOBAL NOT IN system.tables',
  'WITH s AS (SELECT * FROM system.tables) SELECT * FROM s',
  'SELECT * FROM (SELECT * FROM (SELECT * FROM system.settings))',
  'SELECT * FROM attempts JOIN system.tables ON 1',
  'SELECT count() FROM attempts UNION ALL SELECT count() FROM system.parts',
  "SELECT * FROM file('/etc/passwd', 'LineAsString')",
  "SELECT file('/etc/passwd')",
  "SELECT * FROM url('http://127.0.0.1/', 'CSV', 'a String')",
  "SELECT * FROM s3('http://127.0.0.1/x')",
  "SELECT * FROM remote('127.0.0.1', system.tables)",
  "SELECT * FROM mysql('127.0.0.1:3306', 'a', 'b', 'c', 'd')",
  "SELECT * FROM executable('id', 'TSV', 'a String')",
  "SELECT * FROM merge('system', '.*')",
  "SELECT * FROM merge(currentDatabase(), '.*')",
  "SELECT * FROM cluster('default', system.tables)",
  "SELECT * FROM input('a String')",
  'SELECT * FROM view(SELECT * FROM system.tables)',
  "SELECT * FROM dictionary('d')",
  'SELECT * FROM loop(system.tables)',
  "SELECT dictGet('d', 'a', 1)",
  "SELECT joinGet('system.x', 'a', 1)",
  "SELECT hasColumnInTable('system', 'users', 'name')",
  "SELECT getSetting('max_threads')",
  'SELECT sleep(3)',
  'SELECT hostName(), currentUser(), getMacro(1)',
  "SELECT catboostEvaluate('/x', 1)",
  "SELECT aiGenerate('x')",
  "SELECT * FROM attempts INTO OUTFILE '/tmp/x'",
  'SELECT 1 FORMAT CSV',
  'SELECT 1 SETTINGS max_execution_time = 0',
  'SELECT * FROM (SELECT 1 SETTINGS readonly = 0)',
  'SELECT {a: String}',
  'graph = 1 SELECT 1',
  '(((((SELECT * FROM system.tables)))))',
  'FROM system.tables SELECT *',
  'SELECT * FROM numbers(1) AS attempts, system.tables',
  `SELECT * FROM ${name}.attempts.x`,
  'SELECT * FROM `attempts/../x`',
  "SELECT arrayMap(x -> file('/etc/passwd'), [1])",
  'SELECT count() OVER (ORDER BY sleep(1)) FROM attempts',
  'SELECT 1 LIMIT (SELECT count() FROM system.tables)',
  'SELECT count() OVER (PARTITION BY (SELECT count() FROM system.tables))',
  'SELECT sum(1) OVER w FROM attempts WINDOW w AS (ORDER BY sleep(1))',
  'SELECT * APPLY(x -> sleep(x)) FROM attempts',
  'SELECT * APPLY(sleep) FROM attempts',
  'SELECT * REPLACE(sleep(1) AS stage) FROM attempts',
  "SELECT 'a' AS `a, identifier: b` IN system.tables",
  'SELECT 1 AS `x, function_name: plus, function_type: ordinary`, sleep(1) AS `y, function_name: plus, function_type: ordinary`',
  'SELECT * FROM system.tables AS `t, identifier: attempts`',
  'SELECT 1) UNION ALL SELECT * FROM (SELECT 2',
  'SELECT 1 ORDER BY 1 WITH FILL FROM sleep(1) TO 2',
];

const run = (sql: string, token = 'all') =>
  app.inject({ method: 'POST', url: '/v1/sql', payload: { sql }, headers: { authorization: `Bearer ${token}` } });

describe('POST /v1/sql', () => {
  it('runs SELECT over the history', async () => {
    for (const sql of allowed) {
      const answer = await run(sql);
      expect(answer.statusCode, `${sql}: ${answer.body}`).toBe(200);
    }
    const answer = (await run('SELECT count() AS n, max(run_ms) AS longest FROM attempts')).json();
    expect(answer).toMatchObject({
      columns: [{ name: 'n', type: 'UInt64' }, { name: 'longest' }],
      rows: [['600', '99']],
    });
  });

  it('lets nothing else through', async () => {
    for (const sql of escapes) {
      const answer = await run(sql);
      expect([403, 422], `${sql}: ${answer.statusCode} ${answer.body}`).toContain(answer.statusCode);
      expect(answer.json().code, `${sql}: ${answer.body}`).toMatch(/^PIPE_(SQL_REFUSED|CLICKHOUSE_QUERY)$/);
    }
    expect((await run('SELECT count() FROM attempts')).json().rows).toEqual([['600']]);
  });

  it('has limits of rows and time, a size, and a body that it asks for', async () => {
    expect((await run('SELECT number FROM numbers(10001)')).json().code).toBe('PIPE_CLICKHOUSE_LIMIT');
    expect((await run(`SELECT '${'x'.repeat(70_000)}'`)).statusCode).toBe(400);
    const empty = await app.inject({
      method: 'POST',
      url: '/v1/sql',
      payload: {},
      headers: { authorization: 'Bearer all' },
    });
    expect(empty.statusCode).toBe(400);
    expect((await run('SELECT nonsense')).json()).toMatchObject({ code: 'PIPE_CLICKHOUSE_QUERY' });
    expect((await run('SELECT 1', 't')).statusCode).toBe(403);
  });
});
