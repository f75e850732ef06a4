import type { Codec } from '../../schemas/codec.ts';
import { controlRecordSchema } from '../../schemas/generated/control-record.ts';
import { type CancelOrder, cancelRecord, controlSubject } from '../../topics/control/cancel-order.ts';
import type { Broker } from '../../topics/ports.ts';
import { withDeadline } from '../intake/deadline.ts';
import { lazy } from '../intake/lazy.ts';

export interface OrderWriterOptions {
  readonly broker: Broker;
  readonly codec: Codec;
  readonly deadlineMs: number;
}

/** Writes orders to every worker. Opens nothing until the first one. */
export class OrderWriter {
  readonly #options: OrderWriterOptions;
  readonly #producer;
  readonly #registered;

  constructor(options: OrderWriterOptions) {
    const { broker, codec, deadlineMs } = options;
    this.#options = options;
    this.#producer = lazy(() => broker.producer({ deliveryTimeoutMs: deadlineMs, lingerMs: 0 }));
    this.#registered = lazy(() => codec.register(controlSubject, controlRecordSchema));
  }

  /** Resolves when Kafka has all. Rejects with PIPE_BROKER_UNAVAILABLE, PIPE_REGISTRY_UNAVAILABLE, PIPE_TOPIC_UNKNOWN. */
  async cancel(orders: readonly CancelOrder[]): Promise<void> {
    const { codec, deadlineMs } = this.#options;
    await withDeadline(this.#registered.get(), deadlineMs, 'PIPE_REGISTRY_UNAVAILABLE');
    const records = orders.map((order) => cancelRecord(codec, order));
    const sent = this.#producer.get().then((producer) => producer.send(records));
    await withDeadline(sent, deadlineMs, 'PIPE_BROKER_UNAVAILABLE');
  }

  close(): Promise<void> {
    return this.#producer.close((producer) => producer.close());
  }
}
