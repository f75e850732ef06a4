import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { openBlobStore } from '../../processors/blobs/open-blob-store.ts';
import { decodeFinished } from '../../processors/runtime/finished-offsets.ts';
import { startWorker } from '../../processors/worker.ts';
import { type Codec, createCodec } from '../../schemas/codec.ts';
import { type Attempt, attemptBatchSchema } from '../../schemas/generated/attempt-batch.ts';
import { topicsOf } from '../../topics/catalogue.ts';
import { connectKafka } from '../../topics/client.ts';
import { attemptsTopic } from '../../topics/names.ts';
import type { Admin, Broker } from '../../topics/ports.ts';
import { provisionTopics } from '../../topics/provision.ts';
import { makeTempDir } from '../helpers/temp-dir.ts';
import { until } from '../helpers/until.ts';
import { isPoison, numberPipeline, numberSchema } from './worker-pipeline.ts';

const tasks = 2_000;
const poisoned = Array.from({ length: tasks }, (_, n) => n).filter(isPoison).length;
const blobs = openBlobStore('file:///nowhere', { region: 'none', forcePathStyle: false });
const logger = pino({ level: 'silent' });

interface Scene {
  readonly broker: Broker;
  readonly admin: Admin;
  readonly codec: Codec;
  readonly name: string;
  readonly ledger: string;
  readonly rows: (Attempt & { readonly stage: string })[];
}

/** Topics of a pipeline of its own, its tasks already in, and a reader of its attempts. */
async function openScene(): Promise<Scene> {
  const { brokers, registryUrl } = inject('stack');
  const broker = connectKafka({ brokers: [brokers] });
  const codec = createCodec({ registryUrl });
  const name = `numbers-${Date.now().toString(36)}`;
  const ledger = join(makeTempDir(), 'ledger');
  writeFileSync(ledger, '');
  const admin = await broker.admin();
  onTestFinished(() => admin.close());
  await provisionTopics(admin, topicsOf([numberPipeline(name, ledger)]));
  await submit(broker, codec, name);
  return { broker, admin, codec, name, ledger, rows: await followRows(broker, codec, name) };
}

async function submit(broker: Broker, codec: Codec, name: string): Promise<void> {
  await codec.register(`${name}.check-value`, numberSchema);
  const producer = await broker.producer();
  const encoded = (n: number) => codec.encode(numberSchema, `${name}.check-value`, { n });
  await producer.send(
    Array.from({ length: tasks }, (_, n) => ({ topic: `${name}.check`, key: `k${n}`, value: encoded(n) })),
  );
  await producer.close();
}

async function followRows(broker: Broker, codec: Codec, name: string) {
  const rows: (Attempt & { stage: string })[] = [];
  const addRows = async (value: Buffer) => {
    const { pipeline, stage, attempts } = await codec.decode(attemptBatchSchema, value);
    if (pipeline === name) rows.push(...attempts.map((row) => ({ ...row, stage })));
  };
  const consumer = broker.consumer({ groupId: `read-${name}`, topics: [attemptsTopic] });
  onTestFinished(() => consumer.stop());
  await consumer.start({
    assigned() {},
    rebalancing() {},
    records({ records }) {
      for (const { value } of records) void addRows(Buffer.from(value ?? ''));
    },
    failed() {},
  });
  return rows;
}

async function committedToTheEnd({ admin, name }: Scene): Promise<void> {
  for (const topic of [`${name}.check`, `${name}.count`]) {
    await until(`${topic} to be committed to its end`, async () => {
      const ends = await admin.offsets(topic);
      const committed = await admin.groupOffsets(topic, topic);
      return ends.every(({ latest }, at) => (committed[at]?.committed?.offset ?? 0) === latest) ? true : undefined;
    });
  }
}

/** Records of `count` that a commit covers: below the offset, or named as finished above it. */
async function countCovered({ admin, name }: Scene): Promise<number> {
  const committed = await admin.groupOffsets(`${name}.count`, `${name}.count`);
  return committed.reduce((sum, { committed: place }) => {
    if (place === null) return sum;
    const above = decodeFinished(place.metadata).reduce((runs, { start, end }) => runs + end - start, 0);
    return sum + place.offset + above;
  }, 0);
}

async function countRecords(admin: Admin, topic: string): Promise<number> {
  const offsets = await admin.offsets(topic);
  return offsets.reduce((sum, { latest }) => sum + latest, 0);
}

/** Every task ended, once at least: counted, or in the dead letters. */
async function expectNothingLost({ admin, name, ledger, rows }: Scene): Promise<string[]> {
  const effects = readFileSync(ledger, 'utf8').split('\n').filter(Boolean);
  const numbers = Array.from({ length: tasks }, (_, n) => n);
  const counted = new Set(effects.map(Number));
  expect(numbers.filter((n) => !isPoison(n) && !counted.has(n))).toEqual([]);
  expect(numbers.filter((n) => isPoison(n) && counted.has(n))).toEqual([]);
  expect(await countRecords(admin, `${name}.check.dlq`)).toBeGreaterThanOrEqual(poisoned);
  const records = await countRecords(admin, `${name}.check`);
  await until('a terminal row for each record', () => {
    const ended = rows.filter((row) => row.stage === 'check' && row.outcome !== 'retry');
    return new Set(ended.map((row) => `${row.partition}/${row.offset}`)).size === records ? true : undefined;
  });
  return effects;
}

describe('worker on Kafka', () => {
  it('takes two thousand tasks through two stages that fail now and then', async () => {
    const scene = await openScene();
    const { broker, codec, name, ledger } = scene;
    const pipelines = [numberPipeline(name, ledger)];
    const worker = await startWorker({ pipelines, broker, codec, blobs, logger, workerName: 'w' });
    await committedToTheEnd(scene);
    const effects = await expectNothingLost(scene);
    await worker.stop();
    // Producers are at least once too: what counts is what stands in the topics.
    const [checked, counted] = [`${name}.check`, `${name}.count`].map((topic) => countRecords(scene.admin, topic));
    expect(effects).toHaveLength((await counted) ?? -1);
    const dead = scene.rows.filter((row) => row.stage === 'check' && row.outcome === 'dead');
    expect(new Set(dead.map((row) => row.errorCode))).toEqual(new Set(['PIPE_STAGE_REJECTED']));
    expect(scene.rows.filter((row) => row.outcome === 'retry').length).toBeGreaterThan(50);
    const stats = worker.stats().find((each) => each.stage === 'check');
    expect(stats).toMatchObject({ failed: dead.length, inFlight: 0, queued: 0 });
    expect((stats?.done ?? 0) + dead.length).toBe(await checked);
  });

  it('loses nothing when its process is killed in the middle, again and again', { timeout: 120_000 }, async () => {
    const scene = await openScene();
    const { brokers, registryUrl } = inject('stack');
    const kills = 2;
    let uncovered = 0;
    for (let kill = 1; kill <= kills; kill++) {
      const [effectsBefore, coveredBefore] = [countLines(scene.ledger), await countCovered(scene)];
      const child = startProcess([brokers, registryUrl, scene.name, scene.ledger]);
      const goal = (tasks / (kills + 2)) * kill;
      await until(`${goal} effects and a commit`, async () =>
        countLines(scene.ledger) >= goal && (await countCovered(scene)) > coveredBefore ? true : undefined,
      );
      child.kill('SIGKILL');
      await once(child, 'exit');
      uncovered += countLines(scene.ledger) - effectsBefore - ((await countCovered(scene)) - coveredBefore);
    }
    const { broker, codec, name, ledger } = scene;
    const pipelines = [numberPipeline(name, ledger)];
    const worker = await startWorker({ pipelines, broker, codec, blobs, logger, workerName: 'last' });
    await committedToTheEnd(scene);
    const effects = await expectNothingLost(scene);
    await worker.stop();
    // A record runs again only where no commit covered it when its process was killed.
    const records = await countRecords(scene.admin, `${name}.count`);
    expect(effects.length).toBeLessThanOrEqual(records + uncovered);
  });
});

function startProcess(args: readonly string[]): ChildProcess {
  const file = fileURLToPath(new URL('./worker-process.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', file, ...args], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

const countLines = (file: string): number => readFileSync(file, 'utf8').split('\n').length - 1;
