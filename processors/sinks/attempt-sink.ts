import type { Logger } from 'pino';
import type { Codec } from '../../schemas/codec.ts';
import { attemptBatchSchema } from '../../schemas/generated/attempt-batch.ts';
import { attemptsTopic, sinkGroup } from '../../topics/names.ts';
import type { Broker } from '../../topics/ports.ts';
import { attemptColumns, attemptRows } from './attempt-row.ts';
import type { BatchLimits } from './batch-planner.ts';
import type { ClickHouse } from './clickhouse.ts';
import { startTopicSink, type TopicSink } from './topic-sink.ts';

export type AttemptSink = TopicSink;

export interface AttemptSinkOptions {
  readonly broker: Broker;
  readonly clickhouse: Pick<ClickHouse, 'insert'>;
  readonly codec: Pick<Codec, 'decode'>;
  readonly logger: Logger;
  /** Default `penstock.attempts`. */
  readonly topic?: string;
  /** Default `penstock.sink`. */
  readonly groupId?: string;
  /** Of one insert. Default 25 000 rows, 8 MiB of text, 1 s. */
  readonly limits?: Partial<BatchLimits>;
  /** Bytes of one partition that wait in memory before its reading is paused. Default 16 MiB. */
  readonly maxBufferedBytes?: number;
  /** How long a silent sink keeps its partitions. Default 30 000. */
  readonly sessionTimeoutMs?: number;
}

/** Carries penstock.attempts into the table `attempts`, and so into the roll-ups, each row once: see startTopicSink. */
export function startAttemptSink(options: AttemptSinkOptions): Promise<AttemptSink> {
  const { clickhouse, codec, topic = attemptsTopic, groupId = sinkGroup, ...rest } = options;
  return startTopicSink({
    ...rest,
    topic,
    groupId,
    async read({ value, offset, timestampMs }, partition) {
      const batch = await codec.decode(attemptBatchSchema, value);
      return attemptRows(batch, { partition, offset, timestampMs });
    },
    insert: (lines, token) =>
      clickhouse.insert({ table: 'attempts', columns: attemptColumns, rows: Buffer.from(lines.join('\n')), token }),
  });
}
