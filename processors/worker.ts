import type { Logger } from 'pino';
import type { Codec } from '../schemas/codec.ts';
import { PenstockError } from '../schemas/errors.ts';
import { attemptBatchSchema } from '../schemas/generated/attempt-batch.ts';
import { attemptsTopic, stageTopic } from '../topics/names.ts';
import type { Broker, Producer } from '../topics/ports.ts';
import type { BlobStore } from './blobs/blob-store.ts';
import { CancelMemory } from './control/cancel-memory.ts';
import { startControlReader } from './control/control-reader.ts';
import type { AnyStage, Pipeline } from './pipeline.ts';
import { Quarantine } from './runtime/quarantine.ts';
import { type StageRunner, type StageStats, startStageRunner } from './runtime/stage-runner.ts';

export interface WorkerOptions {
  /** Their topics must exist. */
  readonly pipelines: readonly Pipeline[];
  /** Names of stages, as `stage` or `pipeline.stage`; default: all. */
  readonly stages?: readonly string[];
  readonly broker: Broker;
  readonly codec: Codec;
  readonly blobs: BlobStore;
  readonly logger: Logger;
  /** Stands in each attempt row: host, process id and start. */
  readonly workerName: string;
  /** Stands in each attempt row. Default: empty. */
  readonly codeVersion?: string;
  /** How long stop() lets handlers run before it aborts their signal. Default 25 000. */
  readonly drainMs?: number;
  /** Default 30 000. */
  readonly sessionTimeoutMs?: number;
  /** Default 200. What ended since the last commit runs again after a crash. */
  readonly commitIntervalMs?: number;
  /** What is larger goes to the dead letters, tasks and outputs alike. Default 1 MiB. */
  readonly maxTaskBytes?: number;
}

export interface Worker {
  /** Resolves when the first stage cannot go on; never otherwise. Stop the worker and end the process. */
  readonly failed: Promise<Error>;
  /** Drains all stages side by side, then closes the producer. */
  stop(): Promise<void>;
  stats(): readonly StageStats[];
}

interface StageOfPipeline {
  readonly pipeline: Pipeline;
  readonly stage: AnyStage;
}

/** The stages' batches meet in the producer; they have waited for company before, so it adds no wait of its own. */
const producerLingerMs = 0;

/**
 * Runs stages in this process, each a member of its consumer group, all on one producer. Resolves when every stage has
 * its first partitions. Rejects with PIPE_STAGE_UNKNOWN, PIPE_SCHEMA_*, PIPE_REGISTRY_UNAVAILABLE, PIPE_BROKER_*.
 */
export async function startWorker(options: WorkerOptions): Promise<Worker> {
  const chosen = chooseStages(options.pipelines, options.stages);
  await registerSchemas(options.codec, options.pipelines);
  const producer = await options.broker.producer({ lingerMs: producerLingerMs });
  let report: (error: Error) => void = () => undefined;
  const failed = new Promise<Error>((resolve) => {
    report = resolve;
  });
  const cancels = new CancelMemory();
  let runners: readonly StageRunner[] = [];
  const onCancelled = (): void => {
    for (const runner of runners) runner.cancel();
  };
  const control = await startControlReader({ ...options, cancels, onCancelled });
  try {
    runners = await startAll(chosen, { ...options, cancels }, producer, report);
  } catch (thrown) {
    await control.stop();
    throw thrown;
  }
  onCancelled();
  return {
    failed,
    stop: once(() => stopAll(runners, producer).finally(() => control.stop())),
    stats: () => runners.map((runner) => runner.stats()),
  };
}

/** Rejects with PIPE_STAGE_UNKNOWN where a name fits no stage. */
function chooseStages(pipelines: readonly Pipeline[], names: readonly string[] | undefined): StageOfPipeline[] {
  const all = pipelines.flatMap((pipeline) => pipeline.stages.map((stage) => ({ pipeline, stage })));
  if (names === undefined || names.length === 0) return all;
  const isNamed = ({ pipeline, stage }: StageOfPipeline, name: string) =>
    name === stage.name || name === stageTopic(pipeline.name, stage.name);
  const unknown = names.find((name) => !all.some((each) => isNamed(each, name)));
  if (unknown !== undefined) {
    const known = all.map(({ pipeline, stage }) => stageTopic(pipeline.name, stage.name)).join(', ');
    throw new PenstockError('PIPE_STAGE_UNKNOWN', `no stage is named “${unknown}”; there are ${known}`);
  }
  return all.filter((each) => names.some((name) => isNamed(each, name)));
}

/** Every stage of a pipeline may be the target of an output, whether it runs here or not. */
async function registerSchemas(codec: Codec, pipelines: readonly Pipeline[]): Promise<void> {
  await codec.register(`${attemptsTopic}-value`, attemptBatchSchema);
  for (const pipeline of pipelines) {
    for (const stage of pipeline.stages) {
      await codec.register(`${stageTopic(pipeline.name, stage.name)}-value`, stage.input);
    }
  }
}

async function startAll(
  chosen: readonly StageOfPipeline[],
  options: WorkerOptions & { readonly cancels: CancelMemory },
  producer: Producer,
  onFailed: (error: Error) => void,
): Promise<readonly StageRunner[]> {
  const quarantine = new Quarantine();
  const starts = chosen.map((each) => startStageRunner({ ...options, ...each, producer, quarantine, onFailed }));
  const results = await Promise.allSettled(starts);
  const runners = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const refused = results.find((result) => result.status === 'rejected');
  if (refused === undefined) return runners;
  await stopAll(runners, producer);
  throw refused.reason;
}

async function stopAll(runners: readonly StageRunner[], producer: Producer): Promise<void> {
  const results = await Promise.allSettled(runners.map((runner) => runner.stop()));
  await producer.close();
  const refused = results.find((result) => result.status === 'rejected');
  if (refused !== undefined) throw refused.reason;
}

function once(act: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => {
    done ??= act();
    return done;
  };
}
