import { messageOf, PenstockError } from '../../schemas/errors.ts';
import type { Admin, Broker, InboundRecord, RecordPlace } from '../../topics/ports.ts';
import { type RecordSpan, readRecords } from '../../topics/read-records.ts';
import { withDeadline } from '../intake/deadline.ts';
import { lazy } from '../intake/lazy.ts';

export interface RecordReaderOptions {
  readonly broker: Pick<Broker, 'admin' | 'consumer'>;
  /** Below the gateway's own deadline. Default 4 000. */
  readonly deadlineMs?: number;
}

export interface TopicEnds {
  readonly topic: string;
  readonly partition: number;
  readonly earliest: number;
  readonly latest: number;
}

/** Of one reading; a record may have a megabyte. */
const maxBytes = 16 * 1024 * 1024;

/** Records straight from Kafka, by their places. Everything rejects with PIPE_BROKER_UNAVAILABLE. */
export class RecordReader {
  readonly #options: RecordReaderOptions;
  readonly #admin;

  constructor(options: RecordReaderOptions) {
    this.#options = options;
    this.#admin = lazy(() => options.broker.admin());
  }

  /** What is stored of each partition. A topic that was not made yet holds nothing. */
  async ends(topic: string): Promise<TopicEnds[]> {
    const asked = this.#admin.get().then((admin: Admin) => admin.offsets(topic));
    try {
      const ends = await withDeadline(asked, this.#deadlineMs, 'PIPE_BROKER_UNAVAILABLE');
      return ends.map((each) => ({ topic, ...each }));
    } catch (error) {
      if (error instanceof PenstockError && error.code === 'PIPE_TOPIC_UNKNOWN') return [];
      throw error;
    }
  }

  /** undefined: Kafka does not hold it, not any more or not yet. */
  async record(place: RecordPlace): Promise<InboundRecord | undefined> {
    const isStored = (await this.ends(place.topic)).some(
      ({ partition, earliest, latest }) =>
        partition === place.partition && place.offset >= earliest && place.offset < latest,
    );
    let found: InboundRecord | undefined;
    if (!isStored) return found;
    await this.read([{ ...place, from: place.offset, to: place.offset + 1 }], (record) => {
      found = record;
    });
    return found;
  }

  /** False: there was more than is read at once. */
  async read(
    spans: readonly RecordSpan[],
    onRecord: (record: InboundRecord, place: RecordPlace) => void,
  ): Promise<boolean> {
    try {
      const { isWhole } = await readRecords({
        ...{ broker: this.#options.broker, name: 'penstock.records', spans, onRecord },
        ...{ maxBytes, deadlineMs: this.#deadlineMs },
      });
      return isWhole;
    } catch (error) {
      if (error instanceof PenstockError && error.code === 'PIPE_BROKER_UNAVAILABLE') throw error;
      throw new PenstockError('PIPE_BROKER_UNAVAILABLE', `records cannot be read: ${messageOf(error)}`, {
        cause: error,
      });
    }
  }

  async close(): Promise<void> {
    await this.#admin.close((open) => open.close());
  }

  get #deadlineMs(): number {
    return this.#options.deadlineMs ?? 4_000;
  }
}
