import pino from 'pino';
import { type AttemptSink, startAttemptSink } from '../../../processors/sinks/attempt-sink.ts';
import type { ClickHouse } from '../../../processors/sinks/clickhouse.ts';
import type { Attempt } from '../../../schemas/generated/attempt-batch.ts';
import { createMemoryBroker } from '../../../topics/memory/memory-broker.ts';
import { attemptsTopic } from '../../../topics/names.ts';
import { aBatch } from '../../processors/sinks/attempts.ts';
import { jsonCodec } from '../../processors/sinks/sink-bench.ts';

const partitions = 6;

export interface MemoryFeed {
  readonly sink: AttemptSink;
  /** One record for each partition in turn. */
  send(attempts: readonly Attempt[]): Promise<void>;
  stop(): Promise<void>;
}

/** The sink as it is, on the memory twin of Kafka: what is measured is the sink and ClickHouse. */
export async function startMemoryFeed(clickhouse: ClickHouse): Promise<MemoryFeed> {
  const broker = createMemoryBroker();
  const admin = await broker.admin();
  await admin.createTopics([{ name: attemptsTopic, partitions, config: {} }]);
  const producer = await broker.producer();
  const sink = await startAttemptSink({ broker, clickhouse, codec: jsonCodec, logger: pino({ level: 'silent' }) });
  let turn = 0;
  return {
    sink,
    async send(attempts) {
      const value = Buffer.from(JSON.stringify(aBatch(attempts, { pipeline: 'assets', stage: 'download' })));
      turn += 1;
      await producer.send([{ topic: attemptsTopic, partition: turn % partitions, key: null, value }]);
    },
    stop: () => sink.stop(),
  };
}
