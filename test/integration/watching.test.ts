import { fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { cancelTasks } from '../../cli/cancel/cancel-tasks.ts';
import { PenstockClient, type TaskEvent } from '../../client/index.ts';
import { buildGateway } from '../../gateway/app.ts';
import { openBlobStore } from '../../processors/blobs/open-blob-store.ts';
import { startAttemptSink } from '../../processors/sinks/attempt-sink.ts';
import { connectClickHouse } from '../../processors/sinks/clickhouse.ts';
import { migrate } from '../../processors/sinks/migrate.ts';
import { createCodec } from '../../schemas/codec.ts';
import { loadConfig } from '../../schemas/config.ts';
import { topicsOf } from '../../topics/catalogue.ts';
import { connectKafka } from '../../topics/client.ts';
import { provisionTopics } from '../../topics/provision.ts';
import { until } from '../helpers/until.ts';
import { type Job, watchedPipeline } from './watching-pipeline.ts';

const stack = inject('stack');
const name = `watched-${randomUUID().slice(0, 8)}`;
const folder = mkdtempSync(join(tmpdir(), 'penstock-watching-'));
const ledger = join(folder, 'ledger');
const blobUrl = pathToFileURL(join(folder, 'blobs')).href;
const logger = pino({ level: 'silent' });
const pipeline = watchedPipeline(name, ledger);
const config = loadConfig({
  PENSTOCK_BROKERS: stack.brokers,
  PENSTOCK_REGISTRY_URL: stack.registryUrl,
  PENSTOCK_CLICKHOUSE_URL: stack.clickhouseUrl,
  PENSTOCK_CLICKHOUSE_DATABASE: name.replace('-', '_'),
});
const kafka = () => connectKafka({ brokers: stack.brokers.split(','), clientId: 'watching-test' });
const codec = createCodec({ registryUrl: stack.registryUrl });
const clickhouse = connectClickHouse(config.clickhouse);
const closing: (() => Promise<unknown> | unknown)[] = [];

type Client = PenstockClient<Readonly<Record<string, Job>>>;

/** A gateway with a connection of its own, and a client of it. */
async function openGateway(): Promise<{ app: FastifyInstance; client: Client }> {
  const blobs = openBlobStore(blobUrl, config.s3);
  const app = buildGateway({ config, broker: kafka(), codec, pipelines: [pipeline], logger, blobs });
  closing.push(() => app.close());
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  return { app, client: new PenstockClient({ url }) };
}

let clients: readonly Client[] = [];
const clientOf = (index: number): Client => clients[index % clients.length] ?? new PenstockClient({ url: 'none' });
const ledgerHas = (piece: string) =>
  until(piece, () =>
    readFileSync(ledger, 'utf8')
      .split('\n')
      .find((line) => line.startsWith(piece)),
  );

beforeAll(async () => {
  writeFileSync(ledger, '');
  const admin = await kafka().admin();
  await provisionTopics(admin, topicsOf([pipeline]));
  await admin.close();
  await migrate(clickhouse);
  const sink = await startAttemptSink({ broker: kafka(), clickhouse, codec, logger, groupId: `sink-${name}` });
  closing.push(() => sink.stop());
  const worker = fork(
    fileURLToPath(new URL('./watching-worker.ts', import.meta.url)),
    [stack.brokers, stack.registryUrl, name, ledger, blobUrl],
    { execArgv: ['--import', 'tsx'] },
  );
  closing.push(() => worker.kill('SIGKILL'));
  await once(worker, 'message');
  clients = (await Promise.all([openGateway(), openGateway(), openGateway()])).map(({ client }) => client);
});

afterAll(async () => {
  for (const close of closing.toReversed()) await close();
  await clickhouse.command(`DROP DATABASE IF EXISTS ${config.clickhouse.database}`);
  await clickhouse.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('over three gateways and a worker process', () => {
  it('whoever submits and waits gets the result or the failure of the whole task', async () => {
    const numbers = Array.from({ length: 60 }, (_, n) => n);
    const endings = await Promise.all(
      numbers.map((n) => clientOf(n).run(name, { n, mode: n % 10 === 9 ? 'reject' : 'double' })),
    );
    for (const [n, ending] of endings.entries()) {
      if (n % 10 === 9) expect(ending).toMatchObject({ state: 'dead', error: { code: 'PIPE_STAGE_REJECTED' } });
      else expect(ending).toMatchObject({ state: 'succeeded', result: { doubled: n * 2 } });
    }
    const whole = await clientOf(1).run(name, { n: 20, mode: 'fan' });
    expect(whole).toMatchObject({ children: 20, descendants: { total: 20, succeeded: 20 } });
  });

  it('an answer that got lost is asked for again at another gateway', async () => {
    const idempotencyKey = randomUUID();
    const [one, other] = [
      await clientOf(0).run(name, { n: 4, mode: 'double' }, { idempotencyKey }),
      await clientOf(1).run(name, { n: 4, mode: 'double' }, { idempotencyKey }),
    ];
    expect(other).toMatchObject({ id: one.id, result: { doubled: 8 } });
  });

  it('results and their bytes are there at every gateway, also at one that starts later', async () => {
    const { id } = await clientOf(0).run(name, { n: 100_000, mode: 'blob' });
    const { client } = await openGateway();
    await until('the history', async () => ((await client.task(id))?.state === 'succeeded' ? true : undefined));
    const whole = await client.result(id);
    expect(whole.headers.get('content-type')).toBe('text/plain');
    expect((await whole.arrayBuffer()).byteLength).toBe(100_007);
    const end = await client.result(id, { range: 'bytes=-7' });
    expect([end.status, await end.text()]).toEqual([206, 'the end']);
    expect((await client.task(id))?.result).toEqual({ bytes: 100_007 });
  });

  it('a running task is cancelled at any gateway, and those that watch see it run and end', async () => {
    const waiting = clientOf(0).run(name, { n: 1, mode: 'hang' }, { timeoutMs: 60_000 });
    const id = (await ledgerHas('begins ')).slice('begins '.length);
    const seen: TaskEvent[] = [];
    for await (const event of clientOf(1).events(id)) {
      seen.push(event);
      if (event.outcome === 'running') expect(await clientOf(2).cancel(id)).toBe('cancelling');
    }
    expect(await waiting).toMatchObject({ id, state: 'cancelled' });
    await ledgerHas(`stops ${id}`);
    expect(seen.find(({ outcome }) => outcome === 'running')).toMatchObject({ progress: 0.5, note: 'hanging' });
    expect(seen.at(-1)).toMatchObject({ outcome: 'cancelled', state: 'cancelled' });
    expect(await clientOf(0).cancel(id)).toBe('finished');
  });

  it('queued ones are cancelled by the command line, those alone that it names', async () => {
    const hanging = await clientOf(0).submitMany(
      name,
      Array.from({ length: 4 }, (_, n) => ({ n, mode: 'hang' })),
    );
    for (const id of hanging.ids) await ledgerHas(`begins ${id}`);
    const queued = await clientOf(1).submitMany(
      name,
      Array.from({ length: 3 }, (_, n) => ({ n, mode: 'hang' })),
    );
    const request = { ids: queued.ids, where: undefined, pipeline: name, dryRun: false };
    expect(await cancelTasks(config, request)).toEqual(queued.ids);
    await until('the history', async () => {
      const running = { ...request, ids: [], where: "state = 'running'", dryRun: true };
      return (await cancelTasks(config, running)).length === 4 ? true : undefined;
    });
    expect(await cancelTasks(config, { ...request, ids: [], where: "state = 'running'" })).toHaveLength(4);
    const ends = await Promise.all([...hanging.ids, ...queued.ids].map((id, n) => clientOf(n).wait(id)));
    expect(ends.map(({ state }) => state)).toEqual(Array.from({ length: 7 }, () => 'cancelled'));
    for (const id of queued.ids) expect(readFileSync(ledger, 'utf8')).not.toContain(`begins ${id}`);
  });
});
