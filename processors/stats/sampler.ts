import type { Logger } from 'pino';
import type { Codec } from '../../schemas/codec.ts';
import { messageOf } from '../../schemas/errors.ts';
import { type LagSample, type WorkerSample, workerSampleSchema } from '../../schemas/generated/worker-sample.ts';
import { samplesTopic } from '../../topics/names.ts';
import type { Admin, Broker, Producer } from '../../topics/ports.ts';
import type { StageStats } from '../runtime/stage-counts.ts';

export interface SamplerOptions {
  readonly broker: Pick<Broker, 'admin'>;
  readonly producer: Pick<Producer, 'send'>;
  readonly codec: Pick<Codec, 'register' | 'encode'>;
  readonly stats: () => readonly StageStats[];
  readonly workerName: string;
  readonly codeVersion: string;
  readonly logger: Logger;
  /** Default 5 000. */
  readonly everyMs?: number;
}

export interface Sampler {
  /** Says goodbye, in two seconds at most. */
  stop(): Promise<void>;
}

const subject = `${samplesTopic}-value`;
const startedAt = (): number => Math.round(performance.timeOrigin);
const lastWordMs = 2_000;

/**
 * Tells penstock.samples every few seconds how this worker does, and how far behind the partitions are that it owns: each
 * owner looks after its own, so nothing of it has to be elected. A sample that cannot be written is left out.
 */
export function startSampler(options: SamplerOptions): Sampler {
  const { everyMs = 5_000, logger } = options;
  const admin = keptAdmin(options.broker);
  let registered: Promise<void> | undefined;
  let isStopping = false;
  let timer: NodeJS.Timeout | undefined;
  const take = async (isLeaving: boolean): Promise<void> => {
    registered ??= options.codec.register(subject, workerSampleSchema);
    await registered.catch((error: unknown) => {
      registered = undefined;
      throw error;
    });
    await send(options, await sampleOf(options, isLeaving ? undefined : await admin.get(), isLeaving));
  };
  const again = async (): Promise<void> => {
    await take(false).catch((error: unknown) => {
      logger.debug({ reason: messageOf(error) }, 'a sample is left out');
    });
    if (isStopping) return;
    timer = setTimeout(() => {
      current = again();
    }, everyMs).unref();
  };
  let current = again();
  return {
    async stop() {
      isStopping = true;
      clearTimeout(timer);
      const goodbye = current.then(() => take(true)).catch(() => undefined);
      await Promise.race([goodbye, wait(lastWordMs)]);
      await admin.close();
    },
  };
}

const wait = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });

function keptAdmin(broker: Pick<Broker, 'admin'>): { get(): Promise<Admin>; close(): Promise<void> } {
  let opened: Promise<Admin> | undefined;
  return {
    get() {
      opened ??= broker.admin().catch((error: unknown) => {
        opened = undefined;
        throw error;
      });
      return opened;
    },
    close: async () => (await opened?.catch(() => undefined))?.close(),
  };
}

async function send({ codec, producer }: SamplerOptions, sample: WorkerSample): Promise<void> {
  const value = codec.encode(workerSampleSchema, subject, sample);
  await producer.send([{ topic: samplesTopic, key: sample.worker, value }]);
}

async function sampleOf(options: SamplerOptions, admin: Admin | undefined, isLeaving: boolean): Promise<WorkerSample> {
  const stats = options.stats();
  const stages = stats.map(({ pipeline, stage, partitions, inFlight, queued, done, failed, retried, expired }) => ({
    ...{ pipeline, stage, partitions, inFlight, queued },
    ...{ done, failed, retried, expired },
  }));
  const lags = admin ? await lagsOf(admin, stats) : [];
  return {
    worker: options.workerName,
    at: Date.now(),
    startedAt: startedAt(),
    codeVersion: options.codeVersion,
    memoryBytes: process.memoryUsage.rss(),
    isLeaving,
    stages,
    lags,
  };
}

/** Kafka is asked, not the fetches: those of a paused partition stand still while its end moves on. */
async function lagsOf(admin: Admin, stats: readonly StageStats[]): Promise<LagSample[]> {
  const places = await admin.groupPlaces(stats.map(({ group, owned }) => ({ groupId: group, partitions: owned })));
  return places.map(({ groupId: group, topic, partition, earliest, latest, committed }) => {
    return { group, topic, partition, committed: Math.max(committed ?? earliest, earliest), endOffset: latest };
  });
}
