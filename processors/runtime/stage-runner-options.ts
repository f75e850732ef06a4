import type { Logger } from 'pino';
import type { Codec } from '../../schemas/codec.ts';
import type { Broker, Producer } from '../../topics/ports.ts';
import type { BlobStore } from '../blobs/blob-store.ts';
import type { CancelMemory } from '../control/cancel-memory.ts';
import type { AnyStage, Pipeline } from '../pipeline.ts';
import type { Quarantine } from './quarantine.ts';
import type { StageStats } from './stage-counts.ts';

export interface StageRunnerOptions {
  readonly pipeline: Pipeline;
  readonly stage: AnyStage;
  readonly broker: Broker;
  /** Shared by the stages of a process; the runner never closes it. */
  readonly producer: Producer;
  /** Every schema of the pipeline and the attempt batch must be registered with it. */
  readonly codec: Codec;
  readonly blobs: BlobStore;
  readonly logger: Logger;
  readonly workerName: string;
  /** Default: empty. */
  readonly codeVersion?: string;
  /** Key and value of a task, value of an output; what is larger goes to the dead letters. Default 1 MiB. */
  readonly maxTaskBytes?: number;
  /** Default 200. What ended since the last commit runs again after a crash. */
  readonly commitIntervalMs?: number;
  /** How long stop() lets handlers run before it aborts their signal. Default 25 000. */
  readonly drainMs?: number;
  /** Default 30 000. */
  readonly sessionTimeoutMs?: number;
  /** Epoch milliseconds. Default Date.now. */
  readonly now?: () => number;
  /** [0, 1). Default Math.random. */
  readonly random?: () => number;
  /** One for all stages of the process. Default: one of its own. */
  readonly quarantine?: Quarantine;
  /** One for all stages of the process. Default: nothing is ever cancelled. */
  readonly cancels?: CancelMemory;
  /** The consumer or the engine cannot go on; called once. What is not committed runs again elsewhere; end the process. */
  onFailed(error: Error): void;
}

export interface StageRunner {
  stats(): StageStats;
  /** There are new cancellations: ends what runs of them. */
  cancel(): void;
  /** Takes nothing new, lets handlers end, writes and commits what ended, leaves the group. */
  stop(): Promise<void>;
}
