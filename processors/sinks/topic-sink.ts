import type { Logger } from 'pino';
import type { AssignedPartition, Broker, GroupConsumer, InboundRecord, RecordBatch } from '../../topics/ports.ts';
import type { BatchLimits } from './batch-planner.ts';
import { PartitionSink, type SinkCounts } from './partition-sink.ts';

export interface TopicSinkOptions {
  readonly broker: Broker;
  readonly logger: Logger;
  readonly topic: string;
  readonly groupId: string;
  /** Of one insert. Default 25 000 rows, 8 MiB of text, 1 s. */
  readonly limits?: Partial<BatchLimits>;
  /** Bytes of one partition that wait in memory before its reading is paused. Default 16 MiB. */
  readonly maxBufferedBytes?: number;
  /** How long a silent sink keeps its partitions. Default 30 000. */
  readonly sessionTimeoutMs?: number;
  /** The rows of a record, a line each. What it throws: see PartitionSinkParts. */
  readonly read: (record: InboundRecord, partition: number) => Promise<readonly string[]>;
  /** Resolves when the rows are stored, once for all calls with that token. */
  readonly insert: (lines: readonly string[], token: string) => Promise<void>;
}

export interface TopicSink {
  /** Rejects when the consumer cannot go on (it never resolves): the process should end. */
  readonly failed: Promise<never>;
  /** Since the start. `rows` counts what was inserted, repeats of an earlier process included. */
  stats(): Readonly<SinkCounts>;
  /** Lets the inserts under way end (10 s at most), then leaves the group. */
  stop(): Promise<void>;
}

/** An insert costs ClickHouse 40 ms however few its rows are, for each of the six views writes a part of its own. */
const defaultLimits: BatchLimits = { maxRows: 25_000, maxBytes: 8 << 20, maxWaitMs: 1000 };
const stopLimitMs = 10_000;

/**
 * Carries a topic into ClickHouse, each row once: see PartitionSink. While ClickHouse is away it
 * holds at most maxBufferedBytes a partition and waits; nothing is committed, so nothing is lost. Rejects with
 * PIPE_BROKER_UNAVAILABLE, PIPE_TOPIC_UNKNOWN.
 */
export async function startTopicSink(options: TopicSinkOptions): Promise<TopicSink> {
  const { broker, groupId, topic } = options;
  const session = options.sessionTimeoutMs === undefined ? {} : { sessionTimeoutMs: options.sessionTimeoutMs };
  const consumer = broker.consumer({ groupId, topics: [topic], ...session });
  const stats: SinkCounts = { rows: 0, inserts: 0, repeats: 0, unreadable: 0, failures: 0 };
  const assignments = new Assignments(consumer, options, stats);
  const failed = new Promise<never>((_resolve, reject) => {
    assignments.onFailed = reject;
  });
  failed.catch(() => undefined);
  await consumer.start({
    assigned: (partitions) => assignments.replace(partitions),
    rebalancing: () => assignments.suspend(),
    records: (batch) => assignments.offer(batch),
    failed: (error) => assignments.onFailed(error),
  });
  return {
    failed,
    stats: () => ({ ...stats }),
    async stop() {
      await withinMs(stopLimitMs, assignments.end());
      await consumer.stop();
    },
  };
}

async function withinMs(limitMs: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, limitMs);
  });
  await Promise.race([work, limit]);
  clearTimeout(timer);
}

/** Which partitions are ours now, each with its sink. */
class Assignments {
  onFailed: (error: Error) => void = () => undefined;
  readonly #consumer: GroupConsumer;
  readonly #options: TopicSinkOptions;
  readonly #stats: SinkCounts;
  readonly #maxBufferedBytes: number;
  #sinks = new Map<number, PartitionSink>();
  #paused = new Set<number>();
  #ending: Promise<unknown> = Promise.resolve();

  constructor(consumer: GroupConsumer, options: TopicSinkOptions, stats: SinkCounts) {
    this.#consumer = consumer;
    this.#options = options;
    this.#stats = stats;
    this.#maxBufferedBytes = options.maxBufferedBytes ?? 16 << 20;
  }

  suspend(): void {
    const lost = [...this.#sinks.values()].map((sink) => sink.lose());
    this.#sinks = new Map();
    this.#paused = new Set();
    this.#ending = Promise.all([this.#ending, ...lost]);
  }

  /** Records at and above the committed offset come again, so nothing of an older assignment is kept. */
  replace(partitions: readonly AssignedPartition[]): void {
    this.suspend();
    this.#sinks = new Map(partitions.map((place) => [place.partition, this.#open(place)]));
  }

  offer({ partition, records }: RecordBatch): void {
    const sink = this.#sinks.get(partition);
    if (!sink) return;
    sink.offer(records);
    this.#balance(partition, sink);
  }

  async end(): Promise<void> {
    await Promise.all([...this.#sinks.values()].map((sink) => sink.drain()));
    this.suspend();
    await this.#ending;
  }

  #open(place: AssignedPartition): PartitionSink {
    const { logger, limits, read, insert } = this.#options;
    const { topic, partition } = place;
    const earlier = this.#ending;
    const sink: PartitionSink = new PartitionSink(place, {
      limits: { ...defaultLimits, ...limits },
      logger,
      stats: this.#stats,
      read: (record) => read(record, partition),
      insert: async (lines, token) => {
        // One of ours may still be sending the same range.
        await earlier;
        await insert(lines, token);
      },
      commit: (offset, metadata) => this.#consumer.commit([{ topic, partition, offset, metadata }]),
      onRoom: () => this.#balance(partition, sink),
    });
    return sink;
  }

  #balance(partition: number, sink: PartitionSink): void {
    if (this.#sinks.get(partition) !== sink) return;
    const place = { topic: this.#options.topic, partition };
    const isPaused = this.#paused.has(partition);
    if (!isPaused && sink.bufferedBytes > this.#maxBufferedBytes) {
      this.#paused.add(partition);
      this.#consumer.pause([place]);
    } else if (isPaused && sink.bufferedBytes < this.#maxBufferedBytes / 2) {
      this.#paused.delete(partition);
      this.#consumer.resume([place]);
    }
  }
}
