import type {
  AssignedPartition,
  CommittedOffset,
  GroupConsumer,
  GroupListener,
  InboundRecord,
  RecordBatch,
  TopicPartition,
} from '../../topics/ports.ts';

interface Waiter {
  readonly isMet: () => boolean;
  readonly resolve: () => void;
}

/** A listener that writes down what it is told, and lets a test wait for it. */
export class Recorder implements GroupListener {
  readonly calls: string[] = [];
  readonly assignments: (readonly AssignedPartition[])[] = [];
  readonly seen: { topic: string; partition: number; record: InboundRecord }[] = [];
  readonly batches: RecordBatch[] = [];
  failure: Error | undefined;
  onRebalancing: () => void = () => undefined;
  onRecords: (batch: RecordBatch) => void = () => undefined;
  readonly #waiters = new Set<Waiter>();

  assigned(partitions: readonly AssignedPartition[]): void {
    this.calls.push('assigned');
    this.assignments.push(partitions);
    this.#changed();
  }

  rebalancing(): void {
    this.calls.push('rebalancing');
    this.onRebalancing();
    this.#changed();
  }

  records(batch: RecordBatch): void {
    this.calls.push('records');
    this.batches.push(batch);
    for (const record of batch.records) this.seen.push({ topic: batch.topic, partition: batch.partition, record });
    this.onRecords(batch);
    this.#changed();
  }

  failed(error: Error): void {
    this.calls.push('failed');
    this.failure = error;
    this.#changed();
  }

  get owned(): readonly AssignedPartition[] {
    return this.assignments.at(-1) ?? [];
  }

  valuesOf(partition: number): (string | undefined)[] {
    return this.seen.filter((one) => one.partition === partition).map(({ record }) => record.value?.toString());
  }

  /** Resolves once it holds, after this or any later call. */
  until(isMet: (recorder: this) => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#waiters.add({ isMet: () => isMet(this), resolve });
      this.#changed();
    });
  }

  #changed(): void {
    for (const waiter of this.#waiters) {
      if (!waiter.isMet()) continue;
      this.#waiters.delete(waiter);
      waiter.resolve();
    }
  }
}

export const numbersOf = (partitions: readonly TopicPartition[]): number[] =>
  partitions.map(({ partition }) => partition).sort((a, b) => a - b);

export const commitOf = (
  topic: string,
  partition: number,
  offset: number,
  metadata = '',
): TopicPartition & CommittedOffset => ({ topic, partition, offset, metadata });

/** Starts it with a recorder. */
export async function startRecording(consumer: GroupConsumer): Promise<Recorder> {
  const recorder = new Recorder();
  await consumer.start(recorder);
  return recorder;
}
