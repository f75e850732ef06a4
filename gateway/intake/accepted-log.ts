import type { Logger } from 'pino';
import type { Codec } from '../../schemas/codec.ts';
import { messageOf } from '../../schemas/errors.ts';
import { type Attempt, type AttemptBatch, attemptBatchSchema } from '../../schemas/generated/attempt-batch.ts';
import { attemptsTopic } from '../../topics/names.ts';
import type { Broker, OutboundRecord, Producer, RecordPlace } from '../../topics/ports.ts';
import type { Target } from '../catalogue.ts';
import { withDeadline } from './deadline.ts';
import { type Lazy, lazy } from './lazy.ts';
import type { PreparedTask, TaskOptions } from './task-record.ts';

const subject = `${attemptsTopic}-value`;
/** The broker has as much work with a record of one row as with one of hundreds. */
const lingerMs = 100;
const retryMs = 1_000;
const closeLimitMs = 5_000;
const deliveryTimeoutMs = 10_000;
/**
 * So many rows are written to bytes at once. Kept as objects for as long as they linger they would outlive each young
 * collection of V8, which costs more than all the rest of a row.
 */
const maxRowsPerRecord = 128;
/** About 10 MB as bytes, 40 MB while the schema is not registered; beyond it the newest are dropped and counted. */
const maxHeld = 100_000;

/** Made into an attempt only when it is written: of the task itself nothing large is kept. */
interface Row {
  readonly target: Target;
  readonly id: string;
  readonly acceptedAt: number;
  readonly options: TaskOptions;
  readonly bytesIn: number;
  readonly place: RecordPlace;
}

interface PackedRows {
  readonly rows: number;
  readonly record: OutboundRecord;
}

export interface AcceptedLogOptions {
  readonly broker: Broker;
  readonly codec: Codec;
  /** Stands as `worker` in the history. */
  readonly workerName: string;
  readonly logger: Logger;
}

/**
 * Announces acknowledged tasks to penstock.attempts, so that they show as queued before their first attempt. Nobody
 * waits for it: a row lost with the process costs that one view, the task itself is safe in its topic.
 */
export class AcceptedLog {
  private rows: Row[] = [];
  private packed: PackedRows[] = [];
  /** Rows that Kafka has not acknowledged. */
  private held = 0;
  private flushing: Promise<void> = Promise.resolve();
  private timer: NodeJS.Timeout | undefined;
  private registered = false;
  private readonly options: AcceptedLogOptions;
  /** Its own: on a connection shared with tasks their answers would wait for these rows. */
  private readonly producer: Lazy<Producer>;
  dropped = 0;

  constructor(options: AcceptedLogOptions) {
    this.options = options;
    this.producer = lazy(() => options.broker.producer({ deliveryTimeoutMs, lingerMs: 0, ordered: false }));
  }

  add(target: Target, tasks: readonly PreparedTask[], places: readonly RecordPlace[]): void {
    let index = 0;
    for (const task of tasks) {
      const place = places[index];
      index += 1;
      if (place) this.hold(rowOf(target, task, place));
    }
    this.schedule(lingerMs);
  }

  /** Sends what waits, once; what Kafka does not take now is lost. */
  async close(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    const last = this.flushing.then(() => this.flush());
    const end = last.then(() => this.producer.close((producer) => producer.close()));
    await withDeadline(end, closeLimitMs, 'PIPE_BROKER_UNAVAILABLE').catch((error: unknown) => {
      this.options.logger.warn({ reason: messageOf(error) }, 'accepted rows lost at the end');
    });
    clearTimeout(this.timer);
  }

  private hold(row: Row): void {
    if (this.held >= maxHeld) {
      this.dropped += 1;
      return;
    }
    this.held += 1;
    this.rows.push(row);
    if (this.rows.length >= maxRowsPerRecord && this.registered) this.pack();
  }

  private schedule(delayMs: number): void {
    if (this.timer) return;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.flushing = this.flushing.then(() => this.flush());
    }, delayMs);
  }

  private async flush(): Promise<void> {
    if (this.held === 0) return;
    let sending: PackedRows[] = [];
    try {
      await this.register();
      if (this.rows.length > 0) this.pack();
      sending = this.packed;
      this.packed = [];
      const producer = await this.producer.get();
      await producer.send(sending.map(({ record }) => record));
      this.held -= sending.reduce((sum, { rows }) => sum + rows, 0);
    } catch (error) {
      this.options.logger.warn({ rows: this.held, reason: messageOf(error) }, 'accepted rows wait: not written');
      this.packed = [...sending, ...this.packed];
      this.schedule(retryMs);
    }
  }

  private async register(): Promise<void> {
    if (!this.registered) await this.options.codec.register(subject, attemptBatchSchema);
    this.registered = true;
  }

  /** Never throws: the tasks behind the rows were accepted. */
  private pack(): void {
    const { rows } = this;
    this.rows = [];
    for (const batch of batchesOf(rows, this.options.workerName)) {
      const { length } = batch.attempts;
      try {
        this.packed.push({ rows: length, record: this.recordOf(batch) });
      } catch (error) {
        this.held -= length;
        this.dropped += length;
        this.options.logger.error({ rows: length, reason: messageOf(error) }, 'accepted rows dropped');
      }
    }
  }

  private recordOf(batch: AttemptBatch): OutboundRecord {
    const value = this.options.codec.encode(attemptBatchSchema, subject, batch);
    return { topic: attemptsTopic, partition: 'any', key: null, value };
  }
}

/** One batch for each stage, split where a record would grow too large: what came before the schema was registered. */
function* batchesOf(rows: readonly Row[], worker: string): Generator<AttemptBatch> {
  const byTopic = new Map<string, Row[]>();
  for (const row of rows) {
    const group = byTopic.get(row.target.topic);
    if (group) group.push(row);
    else byTopic.set(row.target.topic, [row]);
  }
  for (const group of byTopic.values()) {
    for (let start = 0; start < group.length; start += maxRowsPerRecord) {
      const attempts = group.slice(start, start + maxRowsPerRecord);
      const { pipeline = '', stage = '', topic = '' } = attempts[0]?.target ?? {};
      yield { worker, codeVersion: '', pipeline, stage, topic, attempts: attempts.map(acceptedAttempt) };
    }
  }
}

function rowOf(target: Target, { id, acceptedAt, options, record }: PreparedTask, place: RecordPlace): Row {
  return { target, id, acceptedAt, options, bytesIn: record.value?.length ?? 0, place };
}

function acceptedAttempt({ id, acceptedAt, options, bytesIn, place }: Row): Attempt {
  return {
    eventTime: acceptedAt,
    startedAt: acceptedAt,
    submittedAt: options.at ?? acceptedAt,
    outcome: 'accepted',
    taskId: id,
    parentId: '',
    tenant: options.tenant ?? '',
    attempt: 1,
    queueMs: 0,
    runMs: 0,
    bytesIn,
    bytesOut: 0,
    errorCode: '',
    errorFingerprint: '',
    errorMessage: '',
    partition: place.partition,
    offset: place.offset,
    nextStage: '',
    replayId: '',
    traceId: options.trace?.split('-')[1] ?? '',
    attrs: {},
  };
}
