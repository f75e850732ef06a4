import type { Logger } from 'pino';
import { PenstockError } from '../schemas/errors.ts';
import type { RecordSchema } from '../schemas/record-schema.ts';
import type { RecordPlace } from '../topics/ports.ts';
import { type BatchPolicy, fillBatchPolicy } from './batch-policy.ts';
import type { BlobRef, BlobStore } from './blobs/blob-store.ts';
import { checkDelays } from './retry-delay.ts';

/** One unit of work, as a stage sees it: a copy for this attempt alone, decoded anew for the next. */
export interface Task<Payload> {
  readonly id: string;
  readonly pipeline: string;
  readonly stage: string;
  readonly payload: Payload;
  /** Ordering key; the task id where the producer gave none. */
  readonly key: string;
  /** 1 for the first execution. */
  readonly attempt: number;
  /** Epoch ms at which it was first handed to Penstock. */
  readonly submittedAt: number;
  readonly tenant?: string;
  readonly parent?: string;
  /** W3C traceparent. */
  readonly trace?: string;
  /** Where its record stands in Kafka. */
  readonly place: RecordPlace;
}

export interface StageContext {
  /** Aborts on timeout, when the task is cancelled, on shutdown past the drain limit, and when the partition is lost: stop, and throw or return. */
  readonly signal: AbortSignal;
  /** Carries pipeline, stage, task id and place already; for a batch pipeline and stage. */
  readonly log: Logger;
  readonly blobs: BlobStore;
  /**
   * How far the task is: shown, at most once a second, of attempts that run for longer than one; of a batch for each of
   * its tasks. Costs next to nothing, so call it as often as you like.
   */
  progress(progress: Progress): void;
}

/** A fraction of 1, or so many of so many. */
export interface Progress {
  /** 0 to 1. */
  readonly fraction?: number;
  /** For people; 200 characters are kept. */
  readonly note?: string;
}

/** What a stage hands on: a payload for a stage of the same pipeline. Made by `to`. */
export interface Output {
  readonly stage: string;
  readonly payload: unknown;
  /** Ordering key of the new record; default: the key of the task. */
  readonly key?: string;
}

/** What a task came to. Made by `result`. */
export interface Result {
  /** Anything that has a JSON form. */
  readonly result: unknown;
  readonly blob?: BlobRef;
}

/**
 * Nothing, or a result, ends the task here; one output keeps its id; a list or an async iterable fans out into children
 * with ids of their own.
 */
export type Outputs = Output | readonly Output[] | AsyncIterable<Output> | Result | undefined;

export interface RetryPolicy {
  /**
   * Executions in place, the first included; where there are delays, so many again after each. Default 3. A task that
   * has held its partition's commit back for a minute goes on over a retry topic instead, with the same count.
   */
  readonly attempts?: number;
  /** Wait before the second execution; doubles from there, with full jitter. Default 200. */
  readonly firstDelayMs?: number;
  /** Default 10 000. */
  readonly maxDelayMs?: number;
  /**
   * What comes after the executions in place: waits such as ['10s', '1m', '10m'], each longer than the one before it, at
   * most 24h; units ms, s, m, h. Each is a topic of the stage, where waiting costs no slot and holds no commit back. Tasks
   * that wait there are overtaken by later ones of the same key. Default [].
   */
  readonly delayed?: readonly string[];
}

export type Ordering = 'key' | 'partition' | 'none';

/** What every stage has, whether it gets its tasks one by one or in batches. */
export interface StagePolicies<Payload> {
  /** Lower-case letters, digits and hyphens; part of the topic and group names. */
  readonly name: string;
  /** Avro schema of the tasks; its TypeScript type is the type of `task.payload`. */
  readonly input: RecordSchema<Payload>;
  /** Which tasks must run one after another. Default 'key'. */
  readonly ordering?: Ordering;
  /** Tasks in flight in one process; of a batch stage: batches. Default 16. */
  readonly concurrency?: number;
  /** Aborts ctx.signal, then counts as a failed attempt. Default 60 000. */
  readonly timeoutMs?: number;
  readonly retry?: RetryPolicy;
  /** Partitions of the stage's topic when it is first made. Default 6. */
  readonly partitions?: number;
}

export interface SingleStageDefinition<Payload> extends StagePolicies<Payload> {
  /**
   * The work. It may run more than once for a task, so make effects idempotent. Returning ends the task here; outputs
   * are durable before the task is acknowledged. Throw `retryable()` to try again, `reject()` to dead-letter at once,
   * `requeue()` to have the task later without a failure; anything else thrown is retried up to the policy, then
   * dead-lettered. When `ctx.signal` aborts, stop: on shutdown
   * nothing is acknowledged and it is no failure. `task` is this attempt's own copy; changing it changes
   * nothing else.
   */
  process(task: Task<Payload>, ctx: StageContext): Promise<Outputs> | Outputs;
  readonly processBatch?: never;
  readonly batch?: never;
}

/** How one task of a batch ended. Made by `done` and `failed`. */
export type TaskResult =
  | { readonly task: Task<unknown>; readonly outputs: Outputs; readonly error?: never }
  | { readonly task: Task<unknown>; readonly error: unknown; readonly outputs?: never };

export interface BatchStageDefinition<Payload> extends StagePolicies<Payload> {
  /**
   * The work on many tasks at once, with a result for each, in any order: a task without one has failed with
   * PIPE_STAGE_RESULT_MISSING, and comes again. What is said of `process` holds here for each task; what is thrown is the
   * failure of all. By `ordering` a batch has one task of a key, or of a partition, at most. `ctx.signal` aborts on timeout, on
   * shutdown past the drain limit, and when all tasks of the batch are lost with their partitions.
   */
  processBatch(
    tasks: readonly Task<Payload>[],
    ctx: StageContext,
  ): Promise<readonly TaskResult[]> | readonly TaskResult[];
  readonly batch?: BatchPolicy;
  readonly process?: never;
}

/** `process`, or `processBatch` with or without `batch`. */
export type StageDefinition<Payload> = SingleStageDefinition<Payload> | BatchStageDefinition<Payload>;

interface Defaulted<Payload> extends Required<Omit<StagePolicies<Payload>, 'retry'>> {
  readonly retry: Required<RetryPolicy>;
}

export interface SingleStage<Payload>
  extends Defaulted<Payload>,
    Pick<SingleStageDefinition<Payload>, 'process' | 'processBatch' | 'batch'> {}

export interface BatchStage<Payload>
  extends Defaulted<Payload>,
    Pick<BatchStageDefinition<Payload>, 'process' | 'processBatch'> {
  readonly batch: Required<BatchPolicy>;
}

export type Stage<Payload> = SingleStage<Payload> | BatchStage<Payload>;

const validName = /^[a-z0-9][a-z0-9-]{0,62}$/;

/** Fills in defaults and refuses what can never run: throws PIPE_CONFIG_INVALID. */
export function defineStage<Payload>(definition: BatchStageDefinition<Payload>): BatchStage<Payload>;
export function defineStage<Payload>(definition: SingleStageDefinition<Payload>): SingleStage<Payload>;
export function defineStage<Payload>(definition: StageDefinition<Payload>): Stage<Payload> {
  const { name } = definition;
  if (!validName.test(name)) {
    throw new PenstockError('PIPE_CONFIG_INVALID', `stage name “${name}” must match ${validName.source}`);
  }
  checkWork(definition);
  const retry = { attempts: 3, firstDelayMs: 200, maxDelayMs: 10_000, delayed: [], ...definition.retry };
  checkDelays(name, retry.delayed);
  const defaults = { ordering: 'key', concurrency: 16, timeoutMs: 60_000, partitions: 6 } as const;
  if (definition.processBatch === undefined) return { ...defaults, ...definition, retry };
  return { ...defaults, ...definition, retry, batch: fillBatchPolicy(name, definition.batch) };
}

/** The compiler says so too, where there is one. */
function checkWork<Payload>({ name, process, processBatch, batch }: StageDefinition<Payload>): void {
  if ((process === undefined) === (processBatch === undefined)) {
    throw new PenstockError('PIPE_CONFIG_INVALID', `stage “${name}” must have either process or processBatch`);
  }
  if (batch !== undefined && processBatch === undefined) {
    throw new PenstockError('PIPE_CONFIG_INVALID', `stage “${name}” has batch, but no processBatch`);
  }
}

/** Names the stage that comes next and its payload; with a Stage object the payload's type is checked. */
export function to<Payload>(stage: Stage<Payload> | string, payload: Payload, options: { key?: string } = {}): Output {
  return { stage: typeof stage === 'string' ? stage : stage.name, payload, ...options };
}

/**
 * Return it from the last stage: what those get who wait for the task. As JSON at most 64 KiB; put what is larger into
 * `ctx.blobs` and give its reference as `blob`: the gateway then serves the bytes at `/v1/tasks/<id>/result`.
 */
export function result(value: unknown, options: { blob?: BlobRef } = {}): Result {
  return { result: value, ...options };
}

/** Throw it: the attempt failed, another may succeed. */
export function retryable(message: string, options: { afterMs?: number; cause?: unknown } = {}): PenstockError {
  return new PenstockError('PIPE_STAGE_RETRYABLE', message, options);
}

/**
 * Throw it: not now, and no failure: the task goes back to the end of its queue, where later ones of its key overtake it,
 * and comes again after `afterMs`; default 1 000, so that a lone task does not spin. Its attempts are not counted. After
 * 10 000 times it is dead-lettered with PIPE_STAGE_REQUEUE_LIMIT.
 */
export function requeue(reason = 'put back into the queue', options: { afterMs?: number } = {}): PenstockError {
  return new PenstockError('PIPE_STAGE_REQUEUED', reason, { afterMs: 1_000, ...options });
}

/** Throw it: no attempt can succeed; the task goes to the dead letters at once. */
export function reject(reason: string, options: { cause?: unknown } = {}): PenstockError {
  return new PenstockError('PIPE_STAGE_REJECTED', reason, options);
}

/** A result of `processBatch`: the task succeeded. `task` is the very object that was handed in. */
export function done(task: Task<unknown>, outputs?: Outputs): TaskResult {
  return { task, outputs };
}

/** A result of `processBatch`: what `process` would have thrown; `retryable()`, `reject()` and `requeue()` count as there. */
export function failed(task: Task<unknown>, error: unknown): TaskResult {
  return { task, error };
}
