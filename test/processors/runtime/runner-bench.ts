import { pino } from 'pino';
import { onTestFinished } from 'vitest';
import type { BlobStore } from '../../../processors/blobs/blob-store.ts';
import { definePipeline, type Pipeline } from '../../../processors/pipeline.ts';
import {
  type BatchStageDefinition,
  defineStage,
  type Output,
  type SingleStageDefinition,
  type Stage,
} from '../../../processors/stage.ts';
import { startWorker, type Worker, type WorkerOptions } from '../../../processors/worker.ts';
import type { Attempt, AttemptBatch } from '../../../schemas/generated/attempt-batch.ts';
import type { RecordSchema } from '../../../schemas/record-schema.ts';
import { topicsOf } from '../../../topics/catalogue.ts';
import { createMemoryBroker } from '../../../topics/memory/memory-broker.ts';
import { attemptsTopic } from '../../../topics/names.ts';
import type { InboundRecord, OutboundRecord, RecordPlace } from '../../../topics/ports.ts';
import { until } from '../../helpers/until.ts';
import { CommitAudit } from './commit-audit.ts';
import { jsonCodec } from './json-codec.ts';

export interface Payload {
  readonly n: number;
  readonly bad?: true;
}

export const payloadSchema: RecordSchema<Payload> = { name: 'test.Task', avro: { type: 'record' } };

export interface TaskInput {
  readonly key?: string | null;
  readonly partition?: number;
  readonly value?: string | null;
  readonly headers?: OutboundRecord['headers'];
}

export const noBlobs: BlobStore = {
  put: () => Promise.reject(new Error('no blobs here')),
  get: () => Promise.reject(new Error('no blobs here')),
  delete: () => Promise.reject(new Error('no blobs here')),
};

/** A task of the next stage; the cast-free way to make hostile outputs too. */
export const toNext = (n: number, options: { key?: string } = {}): Output => ({
  stage: 'next',
  payload: { n },
  ...options,
});

/** What it leaves out is filled in. */
export type WorkDefinition =
  | Partial<SingleStageDefinition<Payload>>
  | (Partial<BatchStageDefinition<Payload>> & Pick<BatchStageDefinition<Payload>, 'processBatch'>);

function defineWork(definition: WorkDefinition): Stage<Payload> {
  const retry = { attempts: 3, firstDelayMs: 1, ...definition.retry };
  const common = { name: 'work', input: payloadSchema, partitions: 1 };
  if (definition.processBatch !== undefined) return defineStage<Payload>({ ...common, ...definition, retry });
  return defineStage<Payload>({ ...common, process: (task) => toNext(task.payload.n), ...definition, retry });
}

/** Pipeline `p` with the stage under test, `work`, and `next`, which is never run; on the memory twin. */
export class RunnerBench {
  readonly broker = createMemoryBroker();
  readonly audit = new CommitAudit();
  readonly codec = jsonCodec();
  readonly pipeline: Pipeline;
  readonly #workers: Worker[] = [];
  readonly #read = new Map<string, Promise<InboundRecord[]>>();

  private constructor(pipeline: Pipeline) {
    this.pipeline = pipeline;
  }

  static async open(definition: WorkDefinition): Promise<RunnerBench> {
    const work = defineWork(definition);
    const next = defineStage<Payload>({ name: 'next', input: payloadSchema, partitions: 2, process: () => undefined });
    const bench = new RunnerBench(definePipeline({ name: 'p', stages: [work, next] }));
    await (await bench.broker.admin()).createTopics(topicsOf([bench.pipeline]));
    onTestFinished(() => bench.#close());
    return bench;
  }

  async start(options: Partial<WorkerOptions> = {}): Promise<Worker> {
    const worker = await startWorker({
      pipelines: [this.pipeline],
      stages: ['work'],
      broker: this.audit.watch(this.broker),
      codec: this.codec,
      blobs: noBlobs,
      logger: pino({ level: 'silent' }),
      workerName: `w${this.#workers.length}`,
      commitIntervalMs: 5,
      drainMs: 5_000,
      ...options,
    });
    this.#workers.push(worker);
    return worker;
  }

  async submit(tasks: readonly TaskInput[]): Promise<readonly RecordPlace[]> {
    const producer = await this.broker.producer();
    return producer.send(
      tasks.map(({ key = null, value = '{"n":1}', partition, headers }) => ({
        topic: 'p.work',
        key,
        value: value === null ? null : Buffer.from(value),
        ...(partition === undefined ? {} : { partition }),
        ...(headers === undefined ? {} : { headers }),
      })),
    );
  }

  /** Numbered 0, 1, …; their key is theirs alone unless given. */
  submitMany(count: number, more: TaskInput = {}): Promise<readonly RecordPlace[]> {
    return this.submit(Array.from({ length: count }, (_, n) => ({ key: `k${n}`, value: `{"n":${n}}`, ...more })));
  }

  /** All records that the topic holds now; the array grows. */
  async records(topic: string): Promise<InboundRecord[]> {
    const reading = this.#read.get(topic) ?? this.#follow(topic);
    this.#read.set(topic, reading);
    const read = await reading;
    const offsets = await (await this.broker.admin()).offsets(topic);
    const written = offsets.reduce((sum, { latest }) => sum + latest, 0);
    return until(`all of ${topic}`, () => (read.length >= written ? read : undefined));
  }

  async rows(): Promise<Attempt[]> {
    const records = await this.records(attemptsTopic);
    return records.flatMap((record) => {
      const batch: AttemptBatch = JSON.parse(String(record.value));
      return batch.attempts;
    });
  }

  /** Waits for so many terminal rows, and gives all rows. */
  async rowsOnceEnded(count: number, limitMs = 10_000): Promise<Attempt[]> {
    return until(
      `${count} ended tasks`,
      async () => {
        const rows = await this.rows();
        const ended = new Set(
          rows
            .filter((row) => row.outcome !== 'retry' && row.outcome !== 'running')
            .map((row) => `${row.partition}/${row.offset}`),
        );
        return ended.size >= count ? rows : undefined;
      },
      limitMs,
    );
  }

  async committed(partition = 0) {
    const offsets = await (await this.broker.admin()).groupOffsets('p.work', 'p.work');
    return offsets.find((each) => each.partition === partition)?.committed ?? null;
  }

  async committedTo(offset: number, partition = 0): Promise<void> {
    await until(`a commit at ${offset}`, async () =>
      (await this.committed(partition))?.offset === offset ? true : undefined,
    );
  }

  async #follow(topic: string): Promise<InboundRecord[]> {
    const records: InboundRecord[] = [];
    const consumer = this.broker.consumer({ groupId: `read-${topic}`, topics: [topic] });
    await consumer.start({
      assigned() {},
      rebalancing() {},
      records: (batch) => void records.push(...batch.records),
      failed() {},
    });
    return records;
  }

  async #close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.stop()));
  }
}

/** A promise and its two ends. */
export function gate<T = void>() {
  let open: (value: T) => void = () => undefined;
  const opened = new Promise<T>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}
