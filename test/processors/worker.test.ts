import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { definePipeline } from '../../processors/pipeline.ts';
import { defineStage } from '../../processors/stage.ts';
import { startWorker } from '../../processors/worker.ts';
import { topicsOf } from '../../topics/catalogue.ts';
import { createMemoryBroker } from '../../topics/memory/memory-broker.ts';
import { until } from '../helpers/until.ts';
import { jsonCodec } from './runtime/json-codec.ts';
import { noBlobs, payloadSchema, toNext } from './runtime/runner-bench.ts';

const first = defineStage({ name: 'first', input: payloadSchema, process: (task) => toNext(task.payload.n + 1) });
const next = defineStage({ name: 'next', input: payloadSchema, process: () => undefined });
const one = definePipeline({ name: 'one', stages: [first, next] });
const two = definePipeline({ name: 'two', stages: [first, next] });

async function open(options: { stages?: string[]; without?: string } = {}) {
  const broker = createMemoryBroker();
  const specs = topicsOf([one, two]).filter((spec) => spec.name !== options.without);
  await (await broker.admin()).createTopics(specs);
  const start = () =>
    startWorker({
      pipelines: [one, two],
      ...(options.stages === undefined ? {} : { stages: options.stages }),
      broker,
      codec: jsonCodec(),
      blobs: noBlobs,
      logger: pino({ level: 'silent' }),
      workerName: 'w',
    });
  return { broker, start };
}

const namesOf = (stats: readonly { pipeline: string; stage: string }[]) =>
  stats.map(({ pipeline, stage }) => `${pipeline}.${stage}`).toSorted();

describe('worker', () => {
  it('carries a task through all stages of a pipeline in one process', async () => {
    const { broker, start } = await open();
    const worker = await start();
    const producer = await broker.producer();
    await producer.send([{ topic: 'one.first', key: 'k', value: Buffer.from('{"n":1}') }]);
    await until('the last stage', () =>
      worker.stats().some((each) => each.pipeline === 'one' && each.stage === 'next' && each.done === 1)
        ? true
        : undefined,
    );
    expect(namesOf(worker.stats())).toEqual(['one.first', 'one.next', 'two.first', 'two.next']);
    await worker.stop();
  });

  it('runs the stages that are named, by stage or by pipeline and stage', async () => {
    const short = await (await open({ stages: ['next'] })).start();
    expect(namesOf(short.stats())).toEqual(['one.next', 'two.next']);
    await short.stop();
    const long = await (await open({ stages: ['two.first'] })).start();
    expect(namesOf(long.stats())).toEqual(['two.first']);
    await long.stop();
  });

  it('refuses a stage that no pipeline has', async () => {
    const { start } = await open({ stages: ['third'] });
    await expect(start()).rejects.toMatchObject({ code: 'PIPE_STAGE_UNKNOWN' });
  });

  it('leaves no member behind when one of its stages cannot start', async () => {
    const { broker, start } = await open({ without: 'two.first' });
    await expect(start()).rejects.toMatchObject({ code: 'PIPE_TOPIC_UNKNOWN' });
    expect(broker.memberIds('one.first')).toEqual([]);
  });

  it('stops once, however often it is asked', async () => {
    const worker = await (await open()).start();
    expect(worker.stop()).toBe(worker.stop());
    await worker.stop();
  });
});
