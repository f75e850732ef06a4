import { pino } from 'pino';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { openBlobStore } from '../../processors/blobs/open-blob-store.ts';
import { definePipeline } from '../../processors/pipeline.ts';
import { defineStage } from '../../processors/stage.ts';
import { startWorker } from '../../processors/worker.ts';
import { createCodec } from '../../schemas/codec.ts';
import { topicsOf } from '../../topics/catalogue.ts';
import { connectKafka } from '../../topics/client.ts';
import { standingDelay } from '../../topics/names.ts';
import { provisionTopics } from '../../topics/provision.ts';
import { until } from '../helpers/until.ts';
import { numberSchema } from './worker-pipeline.ts';

const tasks = 300;
const blobs = openBlobStore('file:///nowhere', { region: 'none', forcePathStyle: false });
const logger = pino({ level: 'silent' });

interface Start {
  readonly id: string;
  readonly n: number;
  readonly attempt: number;
  readonly at: number;
}

/** Every third task fails until its third attempt: one in the stage's topic, two after a delay. */
function flakyPipeline(name: string, starts: Start[]) {
  const work = defineStage({
    name: 'work',
    input: numberSchema,
    ordering: 'none',
    retry: { attempts: 1, delayed: ['1s', '2s'] },
    process({ id, attempt, payload }) {
      starts.push({ id, n: payload.n, attempt, at: Date.now() });
      if (payload.n % 3 === 0 && attempt < 3) throw new Error('away');
    },
  });
  return definePipeline({ name, stages: [work] });
}

describe('delayed retries on Kafka', () => {
  it('come back after their delay, not before, through a change of members; all is committed', async () => {
    const { brokers, registryUrl } = inject('stack');
    const broker = connectKafka({ brokers: [brokers] });
    const codec = createCodec({ registryUrl });
    const admin = await broker.admin();
    onTestFinished(() => admin.close());
    const name = `delayed-${Date.now().toString(36)}`;
    const starts: Start[] = [];
    const pipelines = [flakyPipeline(name, starts)];
    await provisionTopics(admin, topicsOf(pipelines));
    const producer = await broker.producer();
    await producer.send(
      Array.from({ length: tasks }, (_, n) => ({ topic: `${name}.work`, key: null, value: Buffer.from(`{"n":${n}}`) })),
    );
    await producer.close();
    const run = (workerName: string) => startWorker({ pipelines, broker, codec, blobs, logger, workerName });
    const first = await run('first');
    onTestFinished(() => first.stop());
    await until('the first attempts', () => (starts.length >= tasks ? true : undefined));
    const second = await run('second');
    onTestFinished(() => second.stop());
    for (const topic of topicsOf(pipelines).map((spec) => spec.name)) {
      if (!topic.startsWith(`${name}.work`) || topic.endsWith('.dlq') || topic.endsWith(standingDelay)) continue;
      await until(`${topic} to be committed to its end`, async () => {
        const ends = await admin.offsets(topic);
        const committed = await admin.groupOffsets(`${name}.work`, topic);
        const isDone = ends.every(({ latest }, at) => (committed[at]?.committed?.offset ?? 0) === latest);
        return isDone && ends.some(({ latest }) => latest > 0) ? true : undefined;
      });
    }
    expectAttempts(starts);
    expect((await admin.offsets(`${name}.work.dlq`)).every(({ latest }) => latest === 0)).toBe(true);
  });
});

/** Each failing task ran three times at least, under one id, each attempt a delay after the one before it. */
function expectAttempts(starts: readonly Start[]): void {
  for (let n = 0; n < tasks; n++) {
    const own = starts.filter((start) => start.n === n);
    const wanted = n % 3 === 0 ? [1, 2, 3] : [1];
    expect([...new Set(own.map(({ attempt }) => attempt))].toSorted()).toEqual(wanted);
    expect(new Set(own.map(({ id }) => id)).size).toBe(1);
    const at = wanted.map((attempt) =>
      Math.min(...own.filter((start) => start.attempt === attempt).map((each) => each.at)),
    );
    if (wanted.length === 1) continue;
    expect((at[1] ?? 0) - (at[0] ?? 0)).toBeGreaterThanOrEqual(1_000);
    expect((at[2] ?? 0) - (at[1] ?? 0)).toBeGreaterThanOrEqual(2_000);
  }
}
