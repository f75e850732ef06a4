import { attemptsTopic } from '../../../topics/names.ts';
import type {
  Broker,
  GroupConsumer,
  GroupListener,
  OutboundRecord,
  Producer,
  RecordPlace,
  TopicPartition,
} from '../../../topics/ports.ts';

export const mutantNames = [
  'commit-before-process',
  'commit-over-gaps',
  'lose-dead-letters',
  'swallow-failed-sends',
  'forget-keys',
  'forget-rows',
  'claim-kept',
] as const;
export type MutantName = (typeof mutantNames)[number];

/** The worker with a known defect, put between it and Kafka. */
export function mutantBroker(broker: Broker, name: MutantName): Broker {
  const shape = shapes[name];
  return {
    admin: () => broker.admin(),
    consumer: (options) => shape.consumer?.(broker.consumer(options)) ?? broker.consumer(options),
    async producer(options = {}) {
      const producer = await broker.producer(options);
      return shape.producer?.(producer) ?? producer;
    },
  };
}

interface Shape {
  readonly consumer?: (consumer: GroupConsumer) => GroupConsumer;
  readonly producer?: (producer: Producer) => Producer;
}

const shapes: Readonly<Record<MutantName, Shape>> = {
  'commit-before-process': { consumer: committingFirst },
  'commit-over-gaps': { consumer: committingHighest },
  'lose-dead-letters': { producer: (producer) => losing(producer, ({ topic }) => topic.endsWith('.dlq')) },
  'forget-rows': { producer: (producer) => losing(producer, ({ topic }) => topic === attemptsTopic) },
  'swallow-failed-sends': { producer: swallowing },
  'forget-keys': { consumer: (consumer) => hearing(consumer, withoutKeys) },
  'claim-kept': { consumer: (consumer) => hearing(consumer, claimingKept) },
};

function hearing(consumer: GroupConsumer, change: (listener: GroupListener) => GroupListener): GroupConsumer {
  return {
    start: (listener) => consumer.start(change(listener)),
    pause: (partitions) => consumer.pause(partitions),
    resume: (partitions) => consumer.resume(partitions),
    commit: (offsets) => consumer.commit(offsets),
    stop: () => consumer.stop(),
  };
}

const passingOn = (listener: GroupListener): GroupListener => ({
  assigned: (partitions) => listener.assigned(partitions),
  rebalancing: () => listener.rebalancing(),
  records: (batch) => listener.records(batch),
  failed: (error) => listener.failed(error),
});

function committingFirst(consumer: GroupConsumer): GroupConsumer {
  return hearing(consumer, (listener) => ({
    ...passingOn(listener),
    records(batch) {
      const { topic, partition, records } = batch;
      const offset = (records.at(-1)?.offset ?? -1) + 1;
      consumer.commit([{ topic, partition, offset, metadata: '' }]).catch(() => undefined);
      listener.records(batch);
    },
  }));
}

/** What was fetched last counts as the place up to which all is finished. */
function committingHighest(consumer: GroupConsumer): GroupConsumer {
  const highest = new Map<string, number>();
  const nameOf = ({ topic, partition }: TopicPartition) => `${topic}/${partition}`;
  const heard = hearing(consumer, (listener) => ({
    ...passingOn(listener),
    records(batch) {
      highest.set(nameOf(batch), (batch.records.at(-1)?.offset ?? -1) + 1);
      listener.records(batch);
    },
  }));
  const over = (offset: TopicPartition & { offset: number }) =>
    Math.max(offset.offset, highest.get(nameOf(offset)) ?? 0);
  const commit: GroupConsumer['commit'] = (offsets) =>
    consumer.commit(offsets.map((each) => ({ ...each, offset: over(each), metadata: '' })));
  return { ...heard, commit };
}

/** Says that they were sent. */
function losing(producer: Producer, isLost: (record: OutboundRecord) => boolean): Producer {
  return {
    send: async (records) => {
      await producer.send(records.filter((record) => !isLost(record)));
      return records.map(nowhere);
    },
    close: () => producer.close(),
  };
}

function swallowing(producer: Producer): Producer {
  return {
    send: (records) => producer.send(records).catch(() => records.map(nowhere)),
    close: () => producer.close(),
  };
}

const nowhere = ({ topic }: OutboundRecord): RecordPlace => ({ topic, partition: 0, offset: 0 });

function withoutKeys(listener: GroupListener): GroupListener {
  return {
    ...passingOn(listener),
    records: (batch) =>
      listener.records({ ...batch, records: batch.records.map((record) => ({ ...record, key: null })) }),
  };
}

/** Never lets go of an old tracker. */
function claimingKept(listener: GroupListener): GroupListener {
  const owned = new Set<string>();
  return {
    ...passingOn(listener),
    assigned(partitions) {
      const claimed = partitions.map((each) => ({ ...each, kept: owned.has(`${each.topic}/${each.partition}`) }));
      for (const { topic, partition } of partitions) owned.add(`${topic}/${partition}`);
      listener.assigned(claimed);
    },
  };
}
