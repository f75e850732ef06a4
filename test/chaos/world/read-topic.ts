import { hash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Admin, Broker, InboundRecord, TopicPartition } from '../../../topics/ports.ts';

let readers = 0;
const stallLimitMs = 60_000;

/** Every record of a topic, each partition in order, up to what stands there now. */
export async function readTopic(
  broker: Broker,
  admin: Admin,
  topic: string,
  take: (place: TopicPartition, record: InboundRecord) => void,
): Promise<void> {
  const ends = await admin.offsets(topic);
  const left = new Map(
    ends.filter(({ earliest, latest }) => latest > earliest).map((end) => [end.partition, end.latest]),
  );
  if (left.size === 0) return;
  const groupId = `chaos-read-${process.pid}-${Date.now()}-${++readers}`;
  const consumer = broker.consumer({ groupId, topics: [topic] });
  let failure: Error | undefined;
  let seen = 0;
  await consumer.start({
    assigned() {},
    rebalancing() {},
    failed: (error) => {
      failure = error;
    },
    records({ partition, records }) {
      const end = left.get(partition);
      for (const record of records) {
        if (end === undefined || record.offset >= end) continue;
        seen++;
        take({ topic, partition }, record);
      }
      if ((records.at(-1)?.offset ?? -1) + 1 >= (end ?? 0)) left.delete(partition);
    },
  });
  const isStalled = stallWatch(stallLimitMs);
  while (left.size > 0 && failure === undefined && !isStalled(seen)) await sleep(20);
  await consumer.stop();
  if (failure !== undefined) throw failure;
  if (left.size > 0) throw new Error(`${topic} could not be read to its end`);
}

/** True once the number has not changed for so long. */
export function stallWatch(limitMs: number): (progress: number) => boolean {
  let last = Number.NaN;
  let sinceMs = Date.now();
  return (progress) => {
    if (progress !== last) sinceMs = Date.now();
    last = progress;
    return Date.now() - sinceMs > limitMs;
  };
}

/** Of key, value and headers, those named left out; the same for the same record. */
export function digestOf({ key, value, headers }: InboundRecord, without: readonly string[]): string {
  const kept = Object.entries(headers)
    .filter(([name]) => !without.includes(name))
    .map(([name, text]) => [name, String(text)])
    .sort(([one = ''], [other = '']) => (one < other ? -1 : 1));
  const parts = [key?.toString('base64') ?? null, value?.toString('base64') ?? null, kept];
  return hash('sha1', JSON.stringify(parts), 'base64');
}
