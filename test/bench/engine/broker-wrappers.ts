import type { Codec } from '../../../schemas/codec.ts';
import { attemptBatchSchema } from '../../../schemas/generated/attempt-batch.ts';
import { attemptsTopic } from '../../../topics/names.ts';
import type { Broker, GroupConsumer, GroupListener } from '../../../topics/ports.ts';

/** A broker that loses attempt records: what recording them costs is the difference. */
export function dropAttempts(broker: Broker): Broker {
  return {
    ...broker,
    async producer(options) {
      const producer = await broker.producer(options);
      return {
        send: (records) => producer.send(records.filter(({ topic }) => topic !== attemptsTopic)),
        close: () => producer.close(),
      };
    },
  };
}

/** Leaves out the encoding of attempt records as well. */
export function skipAttempts(codec: Codec): Codec {
  const nothing = Buffer.alloc(0);
  return {
    register: (subject, schema) => codec.register(subject, schema),
    encode: (schema, subject, value) =>
      schema.name === attemptBatchSchema.name ? nothing : codec.encode(schema, subject, value),
    decode: (schema, value) => codec.decode(schema, value),
  };
}

/** Counts how often a consumer was handed partitions after its first time. */
export function countRebalances(broker: Broker): { broker: Broker; rebalances(): number } {
  let count = 0;
  const counted = (listener: GroupListener, isFirst = true): GroupListener => ({
    assigned(partitions) {
      if (!isFirst) count += 1;
      isFirst = false;
      listener.assigned(partitions);
    },
    rebalancing: () => listener.rebalancing(),
    records: (batch) => listener.records(batch),
    failed: (error) => listener.failed(error),
  });
  const watched = (consumer: GroupConsumer): GroupConsumer => ({
    start: (listener) => consumer.start(counted(listener)),
    pause: (partitions) => consumer.pause(partitions),
    resume: (partitions) => consumer.resume(partitions),
    commit: (offsets) => consumer.commit(offsets),
    stop: () => consumer.stop(),
  });
  const wrapped = {
    ...broker,
    consumer: (options: Parameters<Broker['consumer']>[0]) => watched(broker.consumer(options)),
  };
  return { broker: wrapped, rebalances: () => count };
}
