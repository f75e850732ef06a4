/** What `import … from 'penstock'` gives: to define pipelines, and to run them in a process of one's own. */
export { avroSchema } from '../schemas/avro-schema.ts';
export { type Codec, createCodec } from '../schemas/codec.ts';
export { type Config, loadConfig } from '../schemas/config.ts';
export { type ErrorCode, errorCatalogue } from '../schemas/error-catalogue.ts';
export { PenstockError } from '../schemas/errors.ts';
export type { RecordSchema } from '../schemas/record-schema.ts';
export { connectKafka, type KafkaOptions } from '../topics/client.ts';
export type { Broker, RecordPlace } from '../topics/ports.ts';
export type { BatchPolicy } from './batch-policy.ts';
export type { BlobStore } from './blobs/blob-store.ts';
export { openBlobStore } from './blobs/open-blob-store.ts';
export {
  type ChildFunction,
  type ChildModule,
  type ChildProcessOptions,
  inChildProcess,
} from './child-process/in-child-process.ts';
export { type AnyStage, definePipeline, type Pipeline } from './pipeline.ts';
export {
  type BatchStage,
  type BatchStageDefinition,
  defineStage,
  done,
  failed,
  type Ordering,
  type Output,
  type Outputs,
  type Progress,
  type Result,
  type RetryPolicy,
  reject,
  requeue,
  result,
  retryable,
  type SingleStage,
  type SingleStageDefinition,
  type Stage,
  type StageContext,
  type StageDefinition,
  type StagePolicies,
  type Task,
  type TaskResult,
  to,
} from './stage.ts';
export { type StallWatchdog, type StallWatchdogOptions, startStallWatchdog } from './stall-watchdog.ts';
export { startWorker, type Worker, type WorkerOptions } from './worker.ts';
