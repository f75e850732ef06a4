import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import pino from 'pino';
import { expect, inject, it, onTestFinished } from 'vitest';
import { nodeProgramArgs } from '../../deploy/embedded/node-program.ts';
import { connectClickHouse } from '../../processors/sinks/clickhouse.ts';
import { createCodec } from '../../schemas/codec.ts';
import { attemptBatchSchema } from '../../schemas/generated/attempt-batch.ts';
import { connectKafka } from '../../topics/client.ts';
import { attemptsTopic } from '../../topics/names.ts';
import { until } from '../helpers/until.ts';
import { aBatch, anAttempt } from '../processors/sinks/attempts.ts';

const program = nodeProgramArgs(new URL('../../cli/main', import.meta.url));

function penstock(args: readonly string[], env: Readonly<Record<string, string>> = {}): ChildProcess {
  const { brokers, registryUrl, clickhouseUrl } = inject('stack');
  const child = spawn(process.execPath, [...program, ...args], {
    env: {
      ...process.env,
      PENSTOCK_BROKERS: brokers,
      PENSTOCK_REGISTRY_URL: registryUrl,
      PENSTOCK_CLICKHOUSE_URL: clickhouseUrl,
      ...env,
    },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function run(
  args: readonly string[],
  options: { input?: string; env?: Record<string, string> } = {},
): Promise<Ended> {
  const child = penstock(args, options.env);
  if (!child.stdin || !child.stdout || !child.stderr) throw new Error('no pipes');
  child.stdin.end(options.input ?? '');
  const exited = once(child, 'exit');
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = await exited;
  return { code, out, err };
}

/** Everything it has written so far, both streams. */
function watch(child: ChildProcess): () => string {
  let seen = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      seen += chunk.toString();
    });
  }
  return () => seen;
}

async function endOf(child: ChildProcess): Promise<unknown> {
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  return (await exited)[0];
}

it('penstock sink carries attempts until it is asked to stop, and penstock sql reads them', async () => {
  const database = { PENSTOCK_CLICKHOUSE_DATABASE: `cmd${randomUUID().slice(0, 8)}` };
  const sink = penstock(['sink'], database);
  const log = watch(sink);
  await until('the sink to run', () => (log().includes('the sink runs') ? true : undefined));
  const tenant = randomUUID();
  await produce(tenant);
  const sql = `SELECT stage, outcome, count() AS n FROM attempts WHERE tenant = '${tenant}' GROUP BY ALL`;
  await rowOf(database.PENSTOCK_CLICKHOUSE_DATABASE, tenant);
  expect(await run(['sql', sql, '--json'], { env: database })).toMatchObject({ code: 0, err: '' });
  const json = await run(['sql', '-', '--json'], { env: database, input: sql });
  expect(JSON.parse(json.out)).toEqual([{ stage: 's', outcome: 'ok', n: '1' }]);
  expect((await run(['sql', sql, '--format', 'CSV'], { env: database })).out).toBe('"s","ok",1\n');
  const refused = await run(['sql', 'DROP TABLE attempts'], { env: database });
  expect(refused).toMatchObject({ code: 1, out: '', err: expect.stringContaining('PIPE_SQL_REFUSED') });
  for (const where of [
    'task_id IN (SELECT name FROM system.tables)',
    '1) UNION ALL SELECT name FROM system.users WHERE (1',
  ]) {
    const cancel = await run(['cancel', '--where', where, '--pipeline', 'p', '--dry-run'], { env: database });
    expect(cancel, where).toMatchObject({ code: 1, out: '', err: expect.stringContaining('PIPE_SQL_REFUSED') });
  }
  const vertical = await run(['sql', `${sql} FORMAT Vertical`], { env: database });
  expect(vertical.out).toContain('stage:   s');
  const hidden = await run(['sql', 'SELECT count() OVER (ORDER BY sleep(1)) FROM attempts'], { env: database });
  expect(hidden).toMatchObject({ code: 1, err: expect.stringContaining('PIPE_SQL_REFUSED') });
  expect(await run(['sql', ''], { env: database })).toMatchObject({ code: 2 });
  expect(await endOf(sink)).toBe(0);
  await statsCommands(database);
}, 120_000);

async function statsCommands(env: Readonly<Record<string, string>>): Promise<void> {
  const stats = await run(['stats', 'p', '--window', '10d'], { env });
  expect(stats).toMatchObject({ code: 0, err: '' });
  expect(stats.out).toMatch(/s .*1/);
  const hours = ['--since', '2d', '--until', String(Date.now() + 90_000_000)];
  const verified = await run(['stats', 'verify', ...hours, '--json'], { env });
  expect(verified.code).toBe(0);
  // The sink stored what other tests had left in the topic as well.
  const { rows, differences } = JSON.parse(verified.out);
  expect(rows).toBeGreaterThanOrEqual(1);
  expect(differences).toEqual([]);
  const clickhouse = connectClickHouse({
    ...{ url: inject('stack').clickhouseUrl, user: 'default', password: '' },
    database: env.PENSTOCK_CLICKHOUSE_DATABASE ?? '',
  });
  await clickhouse.command('ALTER TABLE throughput_1h DELETE WHERE 1 SETTINGS mutations_sync = 2');
  await clickhouse.close();
  const damaged = await run(['stats', 'verify', ...hours], { env });
  expect(damaged).toMatchObject({ code: 1, out: expect.stringContaining('throughput_1h') });
  const rebuilt = await run(['stats', 'rebuild', ...hours, '--table', 'throughput_1h'], { env });
  expect(rebuilt).toMatchObject({ code: 0, out: expect.stringContaining('agrees') });
  expect(await run(['stats', 'rebuild', '--since', '200d'], { env })).toMatchObject({
    code: 1,
    err: expect.stringContaining('PIPE_STATS_RAW_GONE'),
  });
  const top = await run(['top', '--json'], { env });
  expect(top.code).toBe(0);
  expect(JSON.parse(top.out)).toEqual(
    expect.arrayContaining([expect.objectContaining({ pipeline: 'assets', stage: 'download' })]),
  );
  expect((await run(['top'], { env })).out).toContain('ETA');
}

it('penstock sink waits for ClickHouse, says so, and can be stopped meanwhile', async () => {
  const sink = penstock(['sink'], { PENSTOCK_CLICKHOUSE_URL: 'http://127.0.0.1:1' });
  const log = watch(sink);
  await until('the word', () => (log().includes('PIPE_CLICKHOUSE_UNAVAILABLE') ? true : undefined));
  expect(log()).toContain('waits for ClickHouse');
  expect(await endOf(sink)).toBe(0);
});

async function rowOf(database: string, tenant: string): Promise<void> {
  const { clickhouseUrl: url } = inject('stack');
  const clickhouse = connectClickHouse({ url, user: 'default', password: '', database });
  await until('the row', async () => {
    const sql = 'SELECT task_id FROM attempts WHERE tenant = {tenant: String}';
    return (await clickhouse.query(sql, { tenant })).length === 1 ? true : undefined;
  });
  await clickhouse.close();
}

async function produce(tenant: string): Promise<void> {
  const { brokers, registryUrl } = inject('stack');
  const codec = createCodec({ registryUrl });
  const subject = `${attemptsTopic}-value`;
  await codec.register(subject, attemptBatchSchema);
  const logger = pino({ level: 'silent' });
  const broker = connectKafka({ brokers: brokers.split(','), ssl: false, clientId: 'test', logger });
  const producer = await broker.producer();
  const value = codec.encode(attemptBatchSchema, subject, aBatch([anAttempt({ tenant, eventTime: Date.now() })]));
  await producer.send([{ topic: attemptsTopic, key: null, value }]);
  await producer.close();
}
