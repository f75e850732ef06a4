import { randomUUID } from 'node:crypto';
import { createServer, type Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest';
import { buildGateway } from '../../gateway/app.ts';
import { connectClickHouse } from '../../processors/sinks/clickhouse.ts';
import { migrate } from '../../processors/sinks/migrate.ts';
import { createCodec } from '../../schemas/codec.ts';
import { loadConfig } from '../../schemas/config.ts';
import { readEnvelope } from '../../schemas/envelope.ts';
import { attemptBatchSchema } from '../../schemas/generated/attempt-batch.ts';
import { downloadTaskSchema } from '../../schemas/generated/download-task.ts';
import { topicsOf } from '../../topics/catalogue.ts';
import { connectKafka } from '../../topics/client.ts';
import type { Broker, InboundRecord } from '../../topics/ports.ts';
import { provisionTopics } from '../../topics/provision.ts';
import { until } from '../helpers/until.ts';

const stack = inject('stack');
const logger = pino({ level: 'silent' });
const pipeline = `gw-${randomUUID().slice(0, 8)}`;
const pipelines = [{ name: pipeline, stages: [{ name: 'fetch', input: downloadTaskSchema, partitions: 3 }] }];
const topic = `${pipeline}.fetch`;
const url = `/v1/pipelines/${pipeline}/tasks`;
const codec = createCodec({ registryUrl: stack.registryUrl });
const kafka = () => connectKafka({ brokers: stack.brokers.split(','), clientId: 'gateway-test' });

function openGateway(broker: Broker, database = 'penstock'): FastifyInstance {
  const env = { PENSTOCK_CLICKHOUSE_URL: stack.clickhouseUrl, PENSTOCK_CLICKHOUSE_DATABASE: database };
  const app = buildGateway({ config: loadConfig(env), broker, codec, pipelines, logger });
  onTestFinished(() => app.close());
  return app;
}

const ndjson = { 'content-type': 'application/x-ndjson' };
const task = (name: string) => ({ url: `https://files.example/${name}`, sha256: null, name });

/** Every record of a topic as it comes, until the test ends. */
async function collect(name: string): Promise<(InboundRecord & { partition: number })[]> {
  const found: (InboundRecord & { partition: number })[] = [];
  const consumer = kafka().consumer({ groupId: `test-${randomUUID()}`, topics: [name] });
  await consumer.start({
    assigned() {},
    rebalancing() {},
    records: ({ partition, records }) => found.push(...records.map((record) => ({ ...record, partition }))),
    failed() {},
  });
  onTestFinished(() => consumer.stop());
  return found;
}

beforeAll(async () => {
  const admin = await kafka().admin();
  await provisionTopics(admin, topicsOf(pipelines));
  await admin.close();
});

describe('the gateway on a real broker', () => {
  it('answers with the place where the task stands', async () => {
    const app = openGateway(kafka());
    const response = await app.inject({ method: 'POST', url: `${url}?tenant=acme`, payload: task('one') });
    expect(response.statusCode).toBe(202);
    const { id, partition, offset } = response.json();
    const records = await collect(topic);
    const record = await until('the record', () => records.find((one) => one.key?.toString() === id));
    expect(record).toMatchObject({ partition, offset });
    expect(codec.decode(downloadTaskSchema, record.value)).toEqual(task('one'));
    expect(readEnvelope(record.headers, { topic, partition, offset }, 0)).toMatchObject({
      id,
      tenant: 'acme',
      source: 'http',
    });
  });

  it('accepts thousands of lines at once, each exactly once, and announces each', async () => {
    const app = openGateway(kafka());
    const names = Array.from({ length: 5_000 }, (_, index) => `bulk-${index}`);
    const payload = names.map((name) => `${JSON.stringify(task(name))}\n`).join('');
    const { accepted, ids } = (await app.inject({ method: 'POST', url, headers: ndjson, payload })).json();
    expect(accepted).toBe(5_000);
    await app.close();
    const wanted = new Set<string>(ids);
    const records = await collect(topic);
    const mine = await until('all records', () => {
      const seen = records.filter(({ key }) => wanted.has(String(key)));
      return seen.length >= 5_000 ? seen : undefined;
    });
    expect(new Set(mine.map(({ key }) => String(key))).size).toBe(5_000);
    const batches = await collect('penstock.attempts');
    await until('all accepted rows', async () => {
      const decoded = await Promise.all(batches.map(({ value }) => codec.decode(attemptBatchSchema, value)));
      const announced = decoded.filter((batch) => batch.pipeline === pipeline).flatMap(({ attempts }) => attempts);
      const rows = announced.filter(({ taskId, outcome }) => wanted.has(taskId) && outcome === 'accepted');
      return rows.length === 5_000 ? rows : undefined;
    });
  });

  it('is ready', async () => {
    expect((await openGateway(kafka()).inject('/health/ready')).statusCode).toBe(200);
  });

  it('says so when a stage’s topic does not exist', async () => {
    const missing = [{ name: `${pipeline}-none`, stages: [{ name: 'fetch', input: downloadTaskSchema }] }];
    const app = buildGateway({ config: loadConfig({}), broker: kafka(), codec, pipelines: missing, logger });
    onTestFinished(() => app.close());
    const response = await app.inject({
      method: 'POST',
      url: `/v1/pipelines/${pipeline}-none/tasks`,
      payload: task('x'),
    });
    expect(response.statusCode).toBeGreaterThanOrEqual(500);
    expect(response.json().code).toMatch(/PIPE_TOPIC_UNKNOWN|PIPE_BROKER_UNAVAILABLE/);
  });
});

describe('a broker that is not there', () => {
  it('refusing connections: 503, and not ready', async () => {
    const app = openGateway(connectKafka({ brokers: ['127.0.0.1:27099'] }));
    const response = await app.inject({ method: 'POST', url, payload: task('x') });
    expect(response.statusCode).toBe(503);
    expect(response.json().code).toBe('PIPE_BROKER_UNAVAILABLE');
    expect(response.headers['retry-after']).toBeDefined();
    expect((await app.inject('/health/ready')).statusCode).toBe(503);
  });

  it('accepting connections and saying nothing: 503', async () => {
    const sockets = new Set<Socket>();
    const silent = createServer((socket) => sockets.add(socket));
    await new Promise<void>((resolve) => silent.listen(27_098, '127.0.0.1', resolve));
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
      silent.close();
    });
    const app = openGateway(connectKafka({ brokers: ['127.0.0.1:27098'] }));
    const response = await app.inject({ method: 'POST', url, payload: task('x') });
    expect(response.statusCode).toBe(503);
    expect((await app.inject('/health/ready')).statusCode).toBe(503);
    for (const socket of sockets) socket.destroy();
  });
});

describe('the history', () => {
  it('is read from ClickHouse, newest first, page by page', async () => {
    const database = `gw_${randomUUID().slice(0, 8)}`;
    const clickhouse = connectClickHouse({ url: stack.clickhouseUrl, user: 'default', password: '', database });
    onTestFinished(async () => {
      await clickhouse.command(`DROP DATABASE ${database}`);
      await clickhouse.close();
    });
    const app = openGateway(kafka(), database);
    expect((await app.inject('/v1/tasks/x')).statusCode).toBe(503);
    await migrate(clickhouse);
    expect((await app.inject('/v1/tasks/x')).statusCode).toBe(404);

    // An hour ago: rows past their time to live vanish.
    const base = Date.now() - 3_600_000;
    const iso = (second: number) => new Date(base + second * 1_000).toISOString();
    const insert = (id: string, second: number, stage: string, outcome: string, next: string) =>
      clickhouse.command(
        `INSERT INTO attempts (event_time, started_at, pipeline, stage, outcome, task_id, attempt, run_ms, error_code, topic, partition, offset, next_stage, record_offset)
         SELECT fromUnixTimestamp64Milli({base: Int64}, 'UTC') + {second: UInt32} AS t, t, 'p', {stage: String}, {outcome: String}, {id: String}, 1, 7, '', concat('p.', {stage: String}), 0, {second: UInt32}, {next: String}, {second: UInt32}`,
        { base, id, second, stage, outcome, next },
      );
    await insert('order/1 ä', 1, 'a', 'accepted', '');
    await insert('order/1 ä', 2, 'a', 'ok', 'b');
    await insert('order/1 ä', 3, 'b', 'dead', '');
    await insert('second', 10, 'a', 'accepted', '');

    const one = (await app.inject(`/v1/tasks/${encodeURIComponent('order/1 ä')}`)).json();
    expect(one).toMatchObject({
      pipeline: 'p',
      stage: 'b',
      state: 'dead',
      submittedAt: iso(1),
      attempts: 2,
    });
    expect(one.finishedAt).toBe(iso(3));
    expect(one.timeline.map(({ outcome }: { outcome: string }) => outcome)).toEqual(['accepted', 'ok', 'dead']);

    const first = (await app.inject('/v1/tasks?limit=1')).json();
    expect(first.tasks).toMatchObject([{ id: 'second', state: 'queued', finishedAt: null }]);
    const second = (await app.inject(`/v1/tasks?limit=1&cursor=${first.cursor}`)).json();
    expect(second.tasks).toMatchObject([{ id: 'order/1 ä' }]);
    const filtered = (await app.inject(`/v1/tasks?pipeline=p&stage=b&state=dead&since=${iso(0)}`)).json();
    expect(filtered.tasks).toHaveLength(1);
    expect((await app.inject(`/v1/tasks?until=${base}`)).json().tasks).toEqual([]);
  });
});
