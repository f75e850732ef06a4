import type { Logger } from 'pino';
import type { Codec } from '../../schemas/codec.ts';
import { workerSampleSchema } from '../../schemas/generated/worker-sample.ts';
import { samplesSinkGroup, samplesTopic } from '../../topics/names.ts';
import type { Broker } from '../../topics/ports.ts';
import type { ClickHouse } from './clickhouse.ts';
import { lagColumns, type SampleTable, sampleRows, workerColumns } from './sample-rows.ts';
import { startTopicSink, type TopicSink } from './topic-sink.ts';

export interface SampleSinkOptions {
  readonly broker: Broker;
  readonly clickhouse: Pick<ClickHouse, 'insert'>;
  readonly codec: Pick<Codec, 'decode'>;
  readonly logger: Logger;
  /** Default `penstock.samples`. */
  readonly topic?: string;
  /** Default `penstock.sink.samples`. */
  readonly groupId?: string;
}

const columnsOf: Readonly<Record<SampleTable, readonly string[]>> = { group_lag: lagColumns, workers: workerColumns };
/** A record has as many rows as its worker has partitions and stages: the limits keep one insert small. */
const limits = { maxRows: 5_000, maxWaitMs: 1_000 };

/** Carries penstock.samples into the tables `group_lag` and `workers`. */
export function startSampleSink(options: SampleSinkOptions): Promise<TopicSink> {
  const { clickhouse, codec, topic = samplesTopic, groupId = samplesSinkGroup, ...rest } = options;
  return startTopicSink({
    ...rest,
    topic,
    groupId,
    limits,
    read: async ({ value, timestampMs }) => sampleRows(await codec.decode(workerSampleSchema, value), timestampMs),
    async insert(lines, token) {
      for (const table of ['group_lag', 'workers'] as const) {
        const mark = `${table} `;
        const own = lines.filter((line) => line.startsWith(mark)).map((line) => line.slice(mark.length));
        if (own.length === 0) continue;
        const rows = Buffer.from(own.join('\n'));
        await clickhouse.insert({ table, columns: columnsOf[table], rows, token: `${token}:${table}` });
      }
    },
  });
}
