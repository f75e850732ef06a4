import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Codec } from '../../schemas/codec.ts';
import { messageOf, PenstockError } from '../../schemas/errors.ts';
import { type ControlRecord, controlRecordSchema } from '../../schemas/generated/control-record.ts';
import { readCancelOrder } from '../../topics/control/cancel-order.ts';
import { type Follower, followTopics } from '../../topics/follow.ts';
import { controlTopic } from '../../topics/names.ts';
import type { Broker, InboundRecord } from '../../topics/ports.ts';
import type { CancelMemory } from './cancel-memory.ts';

export interface ControlReaderOptions {
  readonly broker: Broker;
  readonly codec: Codec;
  readonly logger: Logger;
  readonly cancels: CancelMemory;
  /** There are new cancellations; called once for all that come together. */
  onCancelled(): void;
}

/** A worker does not start later than that for want of orders; they count as soon as they are read. */
const catchUpLimitMs = 5_000;
const lookEveryMs = 20;
/** An order whose schema cannot be asked for right now is read again. */
const registryRetryMs = 1_000;

/** Reads penstock.control for as long as the process lives. Resolves when the orders that stand there are known. */
export async function startControlReader(options: ControlReaderOptions): Promise<Follower> {
  const { broker, logger } = options;
  const reader = new ControlReader(options);
  const follower = followTopics({
    ...{ broker, logger, name: 'penstock.control.worker', topics: [controlTopic], begin: 'earliest' as const },
    onRecord: (record) => reader.take(record),
  });
  const endsAt = performance.now() + catchUpLimitMs;
  try {
    const end = await endOf(broker);
    while (reader.position < end && performance.now() < endsAt) await sleep(lookEveryMs);
    if (reader.position < end) logger.warn({ position: reader.position, end }, 'begins before all orders are read');
  } catch (thrown) {
    logger.warn({ reason: messageOf(thrown) }, 'begins without orders; they count as soon as they can be read');
  }
  return {
    ready: follower.ready,
    async stop() {
      reader.close();
      await follower.stop();
    },
  };
}

class ControlReader {
  readonly #options: ControlReaderOptions;
  readonly #closing = new AbortController();
  /** Orders that wait for the registry. */
  readonly #unread: InboundRecord[] = [];
  #isReviewPlanned = false;
  /** Next offset. */
  position = 0;

  constructor(options: ControlReaderOptions) {
    this.#options = options;
  }

  close(): void {
    this.#closing.abort();
  }

  take(record: InboundRecord): void {
    // A record without a value is the end of an order that nothing replaces.
    if (record.value !== null) this.#read(record);
    this.position = record.offset + 1;
  }

  /** Orders of one id may be obeyed in any order. */
  #read(record: InboundRecord): void {
    try {
      const decoded = this.#options.codec.decode(controlRecordSchema, record.value);
      if (!(decoded instanceof Promise)) this.#obey(decoded);
      else decoded.then((order) => this.#obey(order)).catch((thrown) => this.#refuse(record, thrown));
    } catch (thrown) {
      this.#refuse(record, thrown);
    }
  }

  #obey(record: ControlRecord): void {
    const order = readCancelOrder(record);
    if (order === undefined || !this.#options.cancels.add(order) || this.#isReviewPlanned) return;
    this.#isReviewPlanned = true;
    setImmediate(() => {
      this.#isReviewPlanned = false;
      this.#options.onCancelled();
    });
  }

  async #readAgain(): Promise<void> {
    try {
      await sleep(registryRetryMs, undefined, { signal: this.#closing.signal });
    } catch {
      return; // closed meanwhile
    }
    for (const record of this.#unread.splice(0)) this.#read(record);
  }

  #refuse(record: InboundRecord, thrown: unknown): void {
    if (thrown instanceof PenstockError && thrown.retryable) {
      this.#unread.push(record);
      if (this.#unread.length === 1) void this.#readAgain();
      return;
    }
    this.#options.logger.warn({ offset: record.offset, reason: messageOf(thrown) }, 'no order: passed over');
  }
}

async function endOf(broker: Broker): Promise<number> {
  const admin = await broker.admin();
  try {
    const [only] = await admin.offsets(controlTopic);
    return only === undefined || only.latest === only.earliest ? 0 : only.latest;
  } finally {
    await admin.close();
  }
}
