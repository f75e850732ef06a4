import pino from 'pino';
import { type AttemptSink, type AttemptSinkOptions, startAttemptSink } from '../../../processors/sinks/attempt-sink.ts';
import type { RowsInsert } from '../../../processors/sinks/clickhouse.ts';
import type { Codec } from '../../../schemas/codec.ts';
import { PenstockError } from '../../../schemas/errors.ts';
import type { AttemptBatch } from '../../../schemas/generated/attempt-batch.ts';
import { createMemoryBroker, type MemoryBroker } from '../../../topics/memory/memory-broker.ts';
import { attemptsTopic, sinkGroup } from '../../../topics/names.ts';
import type { CommittedOffset } from '../../../topics/ports.ts';
import { until } from '../../helpers/until.ts';

export const outage = () => new PenstockError('PIPE_CLICKHOUSE_UNAVAILABLE', 'a fault that the test asked for');

/** A table that stores each token once, as ClickHouse does, and fails on demand. */
export class TokenTable {
  readonly batches = new Map<string, readonly string[]>();
  readonly calls: RowsInsert[] = [];
  isDown = false;
  /** Asked before and after each insert that goes through; it may throw, or wait. */
  before: (insert: RowsInsert) => Promise<void> | void = () => undefined;
  after: (insert: RowsInsert) => Promise<void> | void = () => undefined;

  async insert(insert: RowsInsert): Promise<void> {
    this.calls.push(insert);
    if (this.isDown) throw outage();
    await this.before(insert);
    if (!this.batches.has(insert.token)) this.batches.set(insert.token, String(insert.rows).split('\n'));
    await this.after(insert);
  }

  /** Task ids of all stored rows, repeats included. */
  taskIds(): string[] {
    return [...this.batches.values()].flat().map((line) => JSON.parse(line)[5]);
  }
}

export const jsonCodec: Pick<Codec, 'decode'> = {
  decode<T>(_schema: unknown, value: Buffer | null): T {
    if (value === null) throw new PenstockError('PIPE_TASK_EMPTY', 'no value');
    const text = value.toString();
    if (!text.startsWith('{')) throw new PenstockError('PIPE_TASK_NOT_JSON', 'no JSON');
    return JSON.parse(text);
  },
};

export interface Gate {
  /** Resolves when somebody came to the gate. */
  readonly reached: Promise<void>;
  pass(): Promise<void>;
  open(): void;
}

export function gate(): Gate {
  let arrive = () => {};
  let open = () => {};
  const reached = new Promise<void>((resolve) => {
    arrive = resolve;
  });
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return {
    reached,
    pass() {
      arrive();
      return opened;
    },
    open: () => open(),
  };
}

/** A sink on the memory twin of Kafka and a table in memory. */
export class SinkBench {
  readonly broker: MemoryBroker = createMemoryBroker();
  readonly table = new TokenTable();
  readonly #sinks: AttemptSink[] = [];

  static async open(partitions = 1): Promise<SinkBench> {
    const bench = new SinkBench();
    const admin = await bench.broker.admin();
    await admin.createTopics([{ name: attemptsTopic, partitions, config: {} }]);
    return bench;
  }

  async start(options: Partial<AttemptSinkOptions> = {}): Promise<AttemptSink> {
    const sink = await startAttemptSink({
      broker: this.broker,
      clickhouse: this.table,
      codec: jsonCodec,
      logger: pino({ level: 'silent' }),
      limits: { maxWaitMs: 5 },
      ...options,
    });
    this.#sinks.push(sink);
    return sink;
  }

  async send(batches: readonly (AttemptBatch | string | null)[], partition = 0): Promise<void> {
    const producer = await this.broker.producer();
    const bytesOf = (batch: AttemptBatch | string) =>
      Buffer.from(typeof batch === 'string' ? batch : JSON.stringify(batch));
    const records = batches.map((batch) => ({ value: batch === null ? null : bytesOf(batch) }));
    await producer.send(records.map((record) => ({ ...record, topic: attemptsTopic, partition, key: null })));
  }

  async committed(partition = 0): Promise<CommittedOffset | null> {
    const admin = await this.broker.admin();
    const offsets = await admin.groupOffsets(sinkGroup, attemptsTopic);
    return offsets.find((offset) => offset.partition === partition)?.committed ?? null;
  }

  async committedPast(offset: number, partition = 0): Promise<void> {
    await until(`a commit of ${offset}`, async () => {
      const committed = await this.committed(partition);
      return committed?.offset === offset && committed.metadata === '' ? true : undefined;
    });
  }

  /** kill -9 of the one member. */
  kill(): void {
    for (const member of this.broker.memberIds(sinkGroup)) this.broker.kill(member);
  }

  async close(): Promise<void> {
    await Promise.all(this.#sinks.map((sink) => sink.stop().catch(() => undefined)));
  }
}
