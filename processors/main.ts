import { url as debuggerUrl } from 'node:inspector';
import { hostname } from 'node:os';
import type { Logger } from 'pino';
import { createCodec } from '../schemas/codec.ts';
import type { Config } from '../schemas/config.ts';
import { PenstockError } from '../schemas/errors.ts';
import { topicsOf } from '../topics/catalogue.ts';
import { connectKafka } from '../topics/client.ts';
import type { Broker } from '../topics/ports.ts';
import { provisionTopics } from '../topics/provision.ts';
import { openBlobStore } from './blobs/open-blob-store.ts';
import type { Pipeline } from './pipeline.ts';
import { startStallWatchdog } from './stall-watchdog.ts';
import { type SamplerOptions, startSampler } from './stats/sampler.ts';
import { startWorker, type Worker } from './worker.ts';

export interface ConfiguredWorkerOptions {
  readonly config: Config;
  readonly pipelines: readonly Pipeline[];
  /** Names of pipelines; default: all. */
  readonly only?: readonly string[];
  /** Names of stages, as `stage` or `pipeline.stage`; default: all. */
  readonly stages?: readonly string[];
  readonly logger: Logger;
  /** Default: empty. */
  readonly codeVersion?: string;
}

/**
 * A worker made of the configuration: connects, makes the topics that are missing, registers the schemas, runs, with a
 * watchdog that kills the process should its event loop stall. Rejects with PIPE_PIPELINE_UNKNOWN, and as startWorker does.
 */
export async function startConfiguredWorker(options: ConfiguredWorkerOptions): Promise<Worker> {
  const { config, logger, stages = [], codeVersion = '' } = options;
  const pipelines = choosePipelines(options.pipelines, options.only ?? []);
  const { ssl, sasl } = config.kafka;
  const broker = connectKafka({ brokers: config.brokers, ssl, sasl, clientId: 'penstock-worker', logger });
  await provision(broker, pipelines);
  const codec = createCodec({ registryUrl: config.registryUrl });
  const workerName = processName();
  const worker = await startWorker({
    pipelines,
    stages,
    broker,
    codec,
    blobs: openBlobStore(config.blobUrl, config.s3),
    logger,
    workerName,
    codeVersion,
  });
  const sampled = await withSamples(worker, { broker, codec, workerName, codeVersion, logger });
  logger.info({ stages: worker.stats().map(({ pipeline, stage }) => `${pipeline}.${stage}`) }, 'worker runs');
  return guarded(sampled, logger);
}

type SampleParts = Pick<SamplerOptions, 'codec' | 'workerName' | 'codeVersion' | 'logger'> & {
  readonly broker: Broker;
};

async function withSamples(worker: Worker, parts: SampleParts): Promise<Worker> {
  const producer = await parts.broker.producer();
  const sampler = startSampler({ ...parts, producer, stats: worker.stats });
  return {
    ...worker,
    async stop() {
      await worker.stop().finally(() => sampler.stop().finally(() => producer.close()));
    },
  };
}

/** Under a debugger it stands still on purpose. */
function guarded(worker: Worker, logger: Logger): Worker {
  if (debuggerUrl() !== undefined) return worker;
  const watchdog = startStallWatchdog({ logger, running: () => tasksInFlight(worker) });
  return {
    ...worker,
    async stop() {
      await worker.stop().finally(() => watchdog.stop());
    },
  };
}

function tasksInFlight(worker: Worker): Readonly<Record<string, number>> {
  const busy = worker.stats().filter(({ inFlight }) => inFlight > 0);
  return Object.fromEntries(busy.map(({ pipeline, stage, inFlight }) => [`${pipeline}.${stage}`, inFlight]));
}

/** Host, process id and start: unlike for two processes that ever ran. */
export function processName(): string {
  return `${hostname()}:${process.pid}:${Math.round(performance.timeOrigin)}`;
}

function choosePipelines(pipelines: readonly Pipeline[], names: readonly string[]): readonly Pipeline[] {
  if (names.length === 0) return pipelines;
  const unknown = names.find((name) => !pipelines.some((pipeline) => pipeline.name === name));
  if (unknown !== undefined) {
    const known = pipelines.map((pipeline) => pipeline.name).join(', ');
    throw new PenstockError('PIPE_PIPELINE_UNKNOWN', `no pipeline is named “${unknown}”; there are ${known}`);
  }
  return pipelines.filter((pipeline) => names.includes(pipeline.name));
}

async function provision(broker: Broker, pipelines: readonly Pipeline[]): Promise<void> {
  const admin = await broker.admin();
  try {
    await provisionTopics(admin, topicsOf(pipelines));
  } finally {
    await admin.close();
  }
}
