import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { onTestFinished } from 'vitest';
import { buildGateway, type GatewayOptions } from '../../../gateway/app.ts';
import type { History } from '../../../gateway/history/history.ts';
import { definePipeline, type Pipeline } from '../../../processors/pipeline.ts';
import { defineStage, type SingleStageDefinition, to } from '../../../processors/stage.ts';
import { startWorker } from '../../../processors/worker.ts';
import { avroSchema } from '../../../schemas/avro-schema.ts';
import { loadConfig } from '../../../schemas/config.ts';
import { topicsOf } from '../../../topics/catalogue.ts';
import { createMemoryBroker } from '../../../topics/memory/memory-broker.ts';
import { jsonCodec } from '../../processors/runtime/json-codec.ts';
import { noBlobs } from '../../processors/runtime/runner-bench.ts';
import { emptyHistory } from '../open-gateway.ts';

const orderTask = avroSchema({
  type: 'record',
  name: 'OrderTask',
  fields: [
    { name: 'n', type: 'int' },
    { name: 'fan', type: 'int', default: 0 },
  ],
});

export type Order = Parameters<NonNullable<SingleStageDefinition<{ n: number; fan: number }>['process']>>[0];

/** Gateways and a worker on one memory broker; pipeline `p` is `work`, which fans out where asked, and `end`. */
export async function openSystem(process: NonNullable<SingleStageDefinition<{ n: number; fan: number }>['process']>) {
  const broker = createMemoryBroker();
  const codec = jsonCodec();
  const work = defineStage<{ n: number; fan: number }>({
    ...{ name: 'work', input: orderTask, retry: { attempts: 1 } },
    process: ({ payload: { n, fan } }) =>
      fan === 0 ? to('end', { n, fan }) : Array.from({ length: fan }, (_, index) => to('end', { n: index, fan: 0 })),
  });
  const end = defineStage<{ n: number; fan: number }>({
    name: 'end',
    input: orderTask,
    retry: { attempts: 1 },
    process,
  });
  const pipeline: Pipeline = definePipeline({ name: 'p', stages: [work, end] });
  await (await broker.admin()).createTopics(topicsOf([pipeline]));
  const logger = pino({ level: 'silent' });

  const gateway = (options: Partial<GatewayOptions> & { env?: Record<string, string>; history?: History } = {}) => {
    const { env = {}, ...more } = options;
    const app: FastifyInstance = buildGateway({
      ...{ config: loadConfig(env), broker, codec, pipelines: [pipeline], logger, history: emptyHistory },
      ...more,
    });
    onTestFinished(() => app.close());
    return app;
  };
  const worker = async () => {
    const started = await startWorker({
      ...{ pipelines: [pipeline], broker, codec, blobs: noBlobs, logger, workerName: 'w', commitIntervalMs: 5 },
    });
    onTestFinished(() => started.stop());
    return started;
  };
  return { broker, codec, gateway, worker };
}

export const submit = (app: FastifyInstance, payload: object, query = '', headers: Record<string, string> = {}) =>
  app.inject({ method: 'POST', url: `/v1/pipelines/p/tasks${query}`, headers, payload });

/** A blob store of one text. */
export const blobsOf = (text: string) => ({
  async get(_key: string, { range }: { range?: { start: number; end: number } } = {}) {
    return Readable.from(Buffer.from(range ? text.slice(range.start, range.end + 1) : text));
  },
});
