import type { Broker, ConsumerOptions, GroupConsumer, GroupListener } from '../../../topics/ports.ts';
import type { Ledger } from './ledger.ts';

/** The broker as it is; what the group tells the worker is written to the ledger first. */
export function witnessedBroker(broker: Broker, ledger: Ledger): Broker {
  return {
    producer: (options) => broker.producer(options),
    admin: () => broker.admin(),
    consumer: (options) => witnessedConsumer(broker.consumer(options), options, ledger),
  };
}

function witnessedConsumer(consumer: GroupConsumer, { groupId }: ConsumerOptions, ledger: Ledger): GroupConsumer {
  return {
    start: (listener) => consumer.start(witnessedListener(listener, groupId, ledger)),
    pause: (partitions) => consumer.pause(partitions),
    resume: (partitions) => consumer.resume(partitions),
    commit: (offsets) => consumer.commit(offsets),
    stop: () => consumer.stop(),
  };
}

function witnessedListener(listener: GroupListener, groupId: string, ledger: Ledger): GroupListener {
  return {
    assigned(partitions) {
      const places = partitions.map(({ topic, partition, kept }) => [topic, partition, kept] as const);
      ledger.write(['assigned', Date.now(), groupId, places]);
      listener.assigned(partitions);
    },
    rebalancing() {
      ledger.write(['told', Date.now(), groupId]);
      return listener.rebalancing();
    },
    records: (batch) => listener.records(batch),
    failed: (error) => listener.failed(error),
  };
}
