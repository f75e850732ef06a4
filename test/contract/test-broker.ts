import { randomUUID } from 'node:crypto';
import { onTestFinished } from 'vitest';
import type {
  Admin,
  Broker,
  ConsumerOptions,
  GroupConsumer,
  OutboundRecord,
  Producer,
  ProducerOptions,
} from '../../topics/ports.ts';

/** A broker for one test: everything it hands out is closed when the test ends. */
export class TestBroker {
  readonly #broker: Broker;

  constructor(broker: Broker) {
    this.#broker = broker;
  }

  async producer(options?: ProducerOptions): Promise<Producer> {
    const producer = await this.#broker.producer(options);
    onTestFinished(() => producer.close());
    return producer;
  }

  async admin(): Promise<Admin> {
    const admin = await this.#broker.admin();
    onTestFinished(() => admin.close());
    return admin;
  }

  consumer(options: ConsumerOptions): GroupConsumer {
    const consumer = this.#broker.consumer({ sessionTimeoutMs: 10_000, ...options });
    onTestFinished(() => consumer.stop());
    return consumer;
  }

  async topic(partitions: number, config: Readonly<Record<string, string>> = {}): Promise<string> {
    const name = unique('topic');
    await (await this.admin()).createTopics([{ name, partitions, config }]);
    return name;
  }
}

export const unique = (kind: string): string => `contract-${kind}-${randomUUID().slice(0, 8)}`;

/** Records with the values prefix0, prefix1, … for one partition. */
export function numbered(topic: string, partition: number, count: number, prefix = 'v'): OutboundRecord[] {
  return Array.from({ length: count }, (_, index) => ({
    topic,
    partition,
    key: null,
    value: Buffer.from(`${prefix}${index}`),
  }));
}
