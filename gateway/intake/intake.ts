import type { Logger } from 'pino';
import type { Receipt } from '../../client/types.ts';
import type { Codec } from '../../schemas/codec.ts';
import type { ErrorCode } from '../../schemas/error-catalogue.ts';
import { PenstockError } from '../../schemas/errors.ts';
import type { Broker, Producer, RecordPlace } from '../../topics/ports.ts';
import { outcomesOf, type RecordOutcome } from '../../topics/record-outcomes.ts';
import type { Target } from '../catalogue.ts';
import { AcceptedLog } from './accepted-log.ts';
import { Deadline, defaultDeadlineMs } from './deadline.ts';
import { type Lazy, lazy } from './lazy.ts';
import { readPayload } from './read-payload.ts';
import { makeTask, type PreparedTask, type TaskName, type TaskOptions } from './task-record.ts';

export interface IntakeOptions {
  readonly broker: Broker;
  readonly codec: Codec;
  /** Stands as `worker` on the accepted rows. */
  readonly workerName: string;
  readonly logger: Logger;
  /** Longest wait for Kafka's acknowledgement before the caller is told PIPE_BROKER_UNAVAILABLE. Default 4 500. */
  readonly sendDeadlineMs?: number;
  /** Bytes of tasks not yet acknowledged, beyond which PIPE_GATEWAY_OVERLOADED. Default 64 MiB. */
  readonly maxPendingBytes?: number;
  /** Tasks not yet acknowledged, beyond which PIPE_GATEWAY_OVERLOADED: what waits longer had better not be taken. Default 20 000. */
  readonly maxPendingTasks?: number;
  /** Largest value of a record. Default `maxTaskBytes`. */
  readonly maxTaskBytes?: number;
}

/** A task, and how its caller hears of it. */
export interface OneSend {
  readonly task: PreparedTask;
  readonly resolve: (receipt: Receipt) => void;
  readonly reject: (error: unknown) => void;
}

/** Of a record's value: below Kafka's message.max.bytes with room for key and headers. */
export const maxTaskBytes = 1_000_000;

/** The one way in: checks payloads against the stage's schema, sends, and announces what Kafka acknowledged. */
export class Intake {
  private readonly options: Required<IntakeOptions>;
  /** For tasks that may share a key, or an id, which orders them. */
  private readonly ordered: Lazy<Producer>;
  /** For the others, in any partition: their requests need not wait for each other. */
  private readonly unordered: Lazy<Producer>;
  private readonly accepted: AcceptedLog;
  private readonly deadline: Deadline;
  private readonly registering = new Map<string, Lazy<void>>();
  private pendingBytes = 0;
  private pendingTasks = 0;

  constructor(options: IntakeOptions) {
    const defaults = {
      sendDeadlineMs: defaultDeadlineMs,
      maxPendingBytes: 64 * 1024 * 1024,
      maxPendingTasks: 20_000,
      maxTaskBytes,
    };
    this.options = { ...defaults, ...options };
    const { broker } = this.options;
    // What was answered 503 should not be written half a minute later.
    const deliveryTimeoutMs = this.options.sendDeadlineMs;
    const producerOf = (ordered: boolean) => lazy(() => broker.producer({ deliveryTimeoutMs, ordered }));
    this.ordered = producerOf(true);
    this.unordered = producerOf(false);
    this.accepted = new AcceptedLog(this.options);
    this.deadline = new Deadline(deliveryTimeoutMs);
  }

  /** Must precede `prepare`; undefined: it is open already. Rejects with PIPE_REGISTRY_UNAVAILABLE. */
  open({ subject, schema }: Target): Promise<void> | undefined {
    const known = this.registering.get(subject) ?? lazy(() => this.options.codec.register(subject, schema));
    if (known.made) return undefined;
    this.registering.set(subject, known);
    return this.deadline.within(known.get(), 'PIPE_REGISTRY_UNAVAILABLE');
  }

  /**
   * A task from the JSON of its payload; `isNew`: no other has this id. Throws PIPE_TASK_NOT_JSON, PIPE_TASK_SCHEMA_MISMATCH, PIPE_TASK_TOO_LARGE.
   */
  prepare(target: Target, { id, isNew }: TaskName, json: Buffer, options: TaskOptions): PreparedTask {
    this.checkSize(json.length);
    const value = this.options.codec.encode(target.schema, target.subject, readPayload(target.schema, json));
    this.checkSize(value.length);
    return makeTask({ topic: target.topic, id, isNew, value, options, acceptedAt: Date.now() });
  }

  /**
   * Resolves when every task is acknowledged. Rejects with PIPE_BROKER_UNAVAILABLE (outcome unknown: Kafka may still
   * take them), PIPE_GATEWAY_OVERLOADED, PIPE_TOPIC_UNKNOWN.
   */
  send(target: Target, tasks: readonly PreparedTask[]): Promise<readonly RecordPlace[]> {
    return this.untilDeadline(this.deliver(target, tasks, (places) => places));
  }

  /** Tasks of several callers in one send: each is answered for itself, and in time. Rejections as of `send`. */
  sendEach(target: Target, sends: readonly OneSend[]): void {
    const isFree = ({ task }: OneSend): boolean => task.record.partition === 'any';
    this.sendTogether(target, sends.filter(isFree));
    this.sendTogether(
      target,
      sends.filter((send) => !isFree(send)),
    );
  }

  private sendTogether(target: Target, sends: readonly OneSend[]): void {
    const taken = sends.filter((send) => {
      const refusal = this.reserve(send.task.sizeBytes, 1);
      if (refusal) send.reject(refusal);
      return !refusal;
    });
    if (taken.length === 0) return;
    const tasks = taken.map(({ task }) => task);
    const settle = (outcomes: readonly RecordOutcome[], rejection?: unknown): void => {
      let index = 0;
      for (const { task, resolve, reject } of taken) {
        const outcome = outcomes[index];
        index += 1;
        this.release(task.sizeBytes, 1);
        if (outcome === undefined || outcome instanceof PenstockError) {
          reject(outcome ?? rejection ?? placeMissing());
          continue;
        }
        this.accepted.add(target, [task], [outcome]);
        resolve(receiptOf(target, task, outcome));
      }
    };
    const settled = this.produce(tasks).then(settle, (rejection) => settle(outcomesOf(rejection), rejection));
    this.untilDeadline(settled).catch((late: unknown) => {
      for (const { reject } of taken) reject(late);
    });
  }

  /** One task, without a deadline: for callers that share one send and put the deadline on each wait for it. */
  sendOne(target: Target, task: PreparedTask): Promise<Receipt> {
    return this.deliver(target, [task], ([place]) => receiptOf(target, task, place));
  }

  private deliver<Answer>(
    target: Target,
    tasks: readonly PreparedTask[],
    answerOf: (places: readonly RecordPlace[]) => Answer,
  ): Promise<Answer> {
    let sizeBytes = 0;
    for (const task of tasks) sizeBytes += task.sizeBytes;
    const refusal = this.reserve(sizeBytes, tasks.length);
    if (refusal) return Promise.reject(refusal);
    return this.produce(tasks).then(
      (places) => {
        this.release(sizeBytes, tasks.length);
        this.accepted.add(target, tasks, places);
        return answerOf(places);
      },
      (thrown: unknown) => {
        this.release(sizeBytes, tasks.length);
        throw thrown;
      },
    );
  }

  private produce(tasks: readonly PreparedTask[]): Promise<readonly RecordPlace[]> {
    const producer = this.producerFor(tasks);
    const records = tasks.map(({ record }) => record);
    return producer.made ? producer.made.value.send(records) : producer.get().then((made) => made.send(records));
  }

  untilDeadline<T>(work: Promise<T>, code: ErrorCode = 'PIPE_BROKER_UNAVAILABLE'): Promise<T> {
    return this.deadline.within(work, code);
  }

  get acceptedRowsDropped(): number {
    return this.accepted.dropped;
  }

  /** Waits for what flies, writes the accepted rows, leaves. */
  async close(): Promise<void> {
    await this.accepted.close();
    const end = (producer: Producer): Promise<void> => producer.close();
    await Promise.all([this.ordered.close(end), this.unordered.close(end)]);
  }

  private producerFor(tasks: readonly PreparedTask[]): Lazy<Producer> {
    return tasks.every(({ record }) => record.partition === 'any') ? this.unordered : this.ordered;
  }

  private checkSize(sizeBytes: number): void {
    const { maxTaskBytes } = this.options;
    if (sizeBytes <= maxTaskBytes) return;
    throw new PenstockError('PIPE_TASK_TOO_LARGE', `the payload has ${sizeBytes} bytes, the limit is ${maxTaskBytes}`, {
      context: { sizeBytes, maxTaskBytes },
    });
  }

  /** One call alone is always let in, whatever its size. */
  private reserve(sizeBytes: number, tasks: number): PenstockError | undefined {
    const { maxPendingBytes, maxPendingTasks } = this.options;
    const isFull = this.pendingBytes + sizeBytes > maxPendingBytes || this.pendingTasks + tasks > maxPendingTasks;
    if (this.pendingTasks > 0 && isFull) {
      return new PenstockError('PIPE_GATEWAY_OVERLOADED', 'too many tasks wait for Kafka’s acknowledgement', {
        context: { pendingBytes: this.pendingBytes, pendingTasks: this.pendingTasks },
        afterMs: 1_000,
      });
    }
    this.pendingBytes += sizeBytes;
    this.pendingTasks += tasks;
    return undefined;
  }

  private release(sizeBytes: number, tasks: number): void {
    this.pendingBytes -= sizeBytes;
    this.pendingTasks -= tasks;
  }
}

const placeMissing = (): PenstockError =>
  new PenstockError('PIPE_GATEWAY_INTERNAL', 'the producer gave no place for an acknowledged record');

function receiptOf(target: Target, task: PreparedTask, place: RecordPlace | undefined): Receipt {
  if (!place) throw placeMissing();
  const { pipeline, stage, topic } = target;
  return { id: task.id, pipeline, stage, topic, partition: place.partition, offset: place.offset };
}
