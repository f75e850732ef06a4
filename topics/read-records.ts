import { randomUUID } from 'node:crypto';
import type { Broker, InboundRecord, RecordPlace, TopicPartition } from './ports.ts';

export interface RecordSpan extends TopicPartition {
  /** First offset. */
  readonly from: number;
  /** Behind the last offset. */
  readonly to: number;
}

export interface ReadRecordsOptions {
  readonly broker: Pick<Broker, 'consumer'>;
  /** Begins the name of the reader's own group, which commits nothing and vanishes with it. */
  readonly name: string;
  readonly spans: readonly RecordSpan[];
  /** Keys, values and headers; what comes after that is left. */
  readonly maxBytes: number;
  readonly deadlineMs: number;
  /** Must return at once, and copy what outlives the call. */
  onRecord(record: InboundRecord, place: RecordPlace): void;
}

/**
 * Reads these spans and no more. `isWhole`: every span was read to its end; else bytes or time were over. Rejects with
 * PIPE_BROKER_UNAVAILABLE, PIPE_CONSUMER_CRASHED.
 */
export async function readRecords(options: ReadRecordsOptions): Promise<{ readonly isWhole: boolean }> {
  const spans = options.spans.filter(({ from, to }) => from < to);
  if (spans.length === 0) return { isWhole: true };
  const consumer = options.broker.consumer({
    groupId: `${options.name}.${randomUUID()}`,
    topics: [...new Set(spans.map(({ topic }) => topic))],
    // A partition that is not asked for begins at its end: nothing of it is fetched.
    begin: 'latest',
    from: spans.map(({ topic, partition, from }) => ({ topic, partition, offset: from })),
    maxBytesPerPartition: fetchBytes,
  });
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise((resolve, reject) => {
      timer = setTimeout(() => resolve({ isWhole: false }), options.deadlineMs);
      const take = takerOf(spans, options, (isWhole) => resolve({ isWhole }));
      consumer
        .start({
          assigned() {},
          rebalancing() {},
          records({ topic, partition, records }) {
            for (const record of records) take(record, { topic, partition, offset: record.offset });
          },
          failed: reject,
        })
        .catch(reject);
    });
  } finally {
    clearTimeout(timer);
    await consumer.stop();
  }
}

/** A fetch of a partition brings the record that was asked for, whole, and little more. */
const fetchBytes = 256 * 1024;

function takerOf(spans: readonly RecordSpan[], options: ReadRecordsOptions, end: (isWhole: boolean) => void) {
  const open = new Map(spans.map((span) => [`${span.topic}/${span.partition}`, span]));
  let bytes = 0;
  return (record: InboundRecord, place: RecordPlace): void => {
    const key = `${place.topic}/${place.partition}`;
    const span = open.get(key);
    if (!span || bytes > options.maxBytes) return;
    if (place.offset >= span.from && place.offset < span.to) {
      options.onRecord(record, place);
      bytes += (record.value?.length ?? 0) + (record.key?.length ?? 0);
    }
    // Retention may have taken the last of them: whatever lies behind them is their end too.
    if (place.offset >= span.to - 1) open.delete(key);
    if (open.size === 0) end(true);
    else if (bytes > options.maxBytes) end(false);
  };
}
