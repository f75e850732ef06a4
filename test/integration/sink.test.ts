import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { createCodec } from '../../schemas/codec.ts';
import { type AttemptBatch, attemptBatchSchema } from '../../schemas/generated/attempt-batch.ts';
import type { AvroJson, RecordSchema } from '../../schemas/record-schema.ts';
import { startClickHouseProcess } from '../deploy/clickhouse-process.ts';
import { makeTempDir } from '../helpers/temp-dir.ts';
import { until } from '../helpers/until.ts';
import { aBatch, anAttempt } from '../processors/sinks/attempts.ts';
import { type CrashPoint, doomed, openBench } from './sink-bench.ts';

const points: readonly CrashPoint[] = [
  'before-announce',
  'after-announce',
  'before-insert',
  'after-insert',
  'before-past',
  'after-past',
];

describe('the sink on Kafka and ClickHouse', () => {
  it('stores every row once, with its place in the topic', async () => {
    const bench = await openBench();
    await bench.send(500);
    const sink = await bench.start();
    await bench.drained();
    expect(await bench.counts()).toEqual({ rows: 1500, places: 1500, tasks: 1500 });
    expect(sink.stats()).toMatchObject({ rows: 1500, unreadable: 0, failures: 0 });
    const last = await bench.clickhouse.query<{ offset: string }>(
      'SELECT max(record_offset) AS offset FROM attempts GROUP BY record_partition ORDER BY record_partition',
    );
    expect(last.map(({ offset }) => Number(offset))).toEqual([166, 166, 165]);
  });

  it.each(points)('dies %s, and each row is stored once all the same', async (point) => {
    const bench = await openBench();
    await bench.send(200);
    for (const after of [0, 2]) {
      const { parts, dead } = doomed(bench, point, after);
      await bench.start(parts);
      await dead;
      await bench.send(20);
    }
    await bench.start();
    await bench.drained();
    expect(await bench.counts()).toEqual({ rows: 720, places: 720, tasks: 720 });
  });

  it('goes on through kill -9 and restarts of ClickHouse', async () => {
    const dataDir = makeTempDir();
    let server = await startClickHouseProcess(dataDir);
    const bench = await openBench(server.url);
    onTestFinished(() => server.stop().then(() => undefined));
    const sink = await bench.start();
    for (let round = 1; round <= 2; round += 1) {
      const rowsBefore = sink.stats().rows;
      await bench.send(400);
      await until('an insert', () => (sink.stats().rows > rowsBefore ? true : undefined));
      await server.stop('SIGKILL');
      const failuresBefore = sink.stats().failures;
      await bench.send(100);
      await until('a failure', () => (sink.stats().failures > failuresBefore ? true : undefined));
      server = await startClickHouseProcess(dataDir, server.port);
    }
    await bench.drained();
    expect(await bench.counts()).toEqual({ rows: 3000, places: 3000, tasks: 3000 });
  });

  it('stores once what it had to send again because the answer was lost', async () => {
    const target = await startClickHouseProcess(makeTempDir());
    onTestFinished(() => target.stop().then(() => undefined));
    const proxy = await startForgetfulProxy(target.port);
    const bench = await openBench(proxy.url);
    await bench.send(300);
    const sink = await bench.start();
    await bench.drained();
    expect(proxy.lost()).toBeGreaterThan(2);
    expect(sink.stats().failures).toBeGreaterThanOrEqual(proxy.lost());
    expect(await bench.counts()).toEqual({ rows: 900, places: 900, tasks: 900 });
  });

  it('steps over records that nobody can read', async () => {
    const bench = await openBench();
    await bench.send(30);
    const unknownSchema = Buffer.from([0, 0x7f, 0xff, 0xff, 0xff, 1, 2, 3]);
    await bench.sendBytes([Buffer.from('garbage'), unknownSchema, Buffer.from('{"worker":1}'), Buffer.alloc(0)]);
    await bench.send(30);
    const sink = await bench.start();
    await bench.drained();
    expect(await bench.counts()).toEqual({ rows: 180, places: 180, tasks: 180 });
    expect(sink.stats().unreadable).toBe(4);
  });

  it('reads records of a newer version, and texts that are no UTF-8', async () => {
    const bench = await openBench();
    const attempt = anAttempt({ taskId: 'newer', eventTime: Date.now() });
    const codec = createCodec({ registryUrl: inject('stack').registryUrl });
    await codec.register(`${bench.topic}-value`, newerSchema);
    const newer = codec.encode(newerSchema, `${bench.topic}-value`, { ...aBatch([attempt]), zone: 'eu' });
    await codec.register(`${bench.topic}-value`, attemptBatchSchema);
    const named = aBatch([{ ...attempt, taskId: 'other' }], { worker: 'w-bytes' });
    const torn = codec.encode(attemptBatchSchema, `${bench.topic}-value`, named);
    torn.fill(Buffer.from([0xff, 0x00, 0xc3, 0x28, 0x09]), torn.indexOf('bytes'), torn.indexOf('bytes') + 5);
    await bench.sendBytes([newer, torn]);
    const sink = await bench.start();
    await bench.drained();
    const rows = await bench.clickhouse.query('SELECT task_id, worker FROM attempts ORDER BY task_id');
    expect(rows).toEqual([
      { task_id: 'newer', worker: 'w1' },
      { task_id: 'other', worker: 'w-\u{fffd}\u0000\u{fffd}(\t' },
    ]);
    expect(sink.stats().unreadable).toBe(0);
  });
});

/** As a later release may write it. */
const newerSchema: RecordSchema<AttemptBatch & { readonly zone: string }> = {
  name: attemptBatchSchema.name,
  avro: withField(attemptBatchSchema.avro, { name: 'zone', type: 'string', default: '' }),
};

function withField(avro: AvroJson, field: AvroJson): AvroJson {
  if (typeof avro === 'string' || !('fields' in avro) || !Array.isArray(avro.fields)) throw new Error('no record');
  return { ...avro, fields: [...avro.fields, field] };
}

/** Carries requests to ClickHouse, and cuts every second answer to an insert after the insert was done. */
async function startForgetfulProxy(port: number): Promise<{ url: string; lost: () => number }> {
  let inserts = 0;
  let lost = 0;
  const server = createServer((incoming, answer) => {
    const isInsert = incoming.url?.includes('insert_deduplication_token') ?? false;
    const onward = request({ port, host: '127.0.0.1', path: incoming.url, method: incoming.method }, (reply) => {
      if (isInsert && inserts++ % 2 === 0) {
        lost += 1;
        incoming.socket.destroy();
        return;
      }
      answer.writeHead(reply.statusCode ?? 500, reply.headers);
      reply.pipe(answer);
    });
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port: own } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${own}`, lost: () => lost };
}
