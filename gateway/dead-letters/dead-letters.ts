import { messageOf, PenstockError } from '../../schemas/errors.ts';
import type { Admin, Broker, InboundRecord, RecordPlace } from '../../topics/ports.ts';
import { type RecordSpan, readRecords } from '../../topics/read-records.ts';
import { withDeadline } from '../intake/deadline.ts';
import { lazy } from '../intake/lazy.ts';
import { type DeadLetterSummary, readDeadLetter } from './dead-letter.ts';
import { type Positions, placeOf } from './position.ts';

export interface DeadLetterPage {
  /** Newest first. */
  readonly letters: readonly DeadLetterSummary[];
  /** Where the page before this one in time ends; undefined: there is none. */
  readonly older: Positions | undefined;
  /** Dead letters stored in these topics. */
  readonly stored: number;
  /** There was more than is read at once: some of the page are missing. */
  readonly isPartial: boolean;
}

export interface DeadLettersOptions {
  readonly broker: Pick<Broker, 'admin' | 'consumer'>;
  /** Below the gateway's own deadline. Default 4 000. */
  readonly deadlineMs?: number;
}

/** Of one page; a partition's newest records may have a megabyte each. */
const maxPageBytes = 16 * 1024 * 1024;
const maxKeptPages = 8;

/** Reads dead letter topics straight from Kafka, newest first, never more than a page of them. */
export class DeadLetters {
  readonly #options: DeadLettersOptions;
  readonly #admin;
  /** Records do not change: the same spans are the same page, until the topic grows. */
  readonly #kept = new Map<string, Promise<Pick<DeadLetterPage, 'letters' | 'isPartial'>>>();

  constructor(options: DeadLettersOptions) {
    this.#options = options;
    this.#admin = lazy(() => options.broker.admin());
  }

  /** The newest `limit` of each partition, before these positions. Rejects with PIPE_BROKER_UNAVAILABLE. */
  async page(topics: readonly string[], limit: number, before?: Positions): Promise<DeadLetterPage> {
    const ends = (await Promise.all(topics.map((topic) => this.#ends(topic)))).flat();
    const spans = ends.map(({ topic, partition, earliest, latest }) => {
      const to = Math.max(earliest, Math.min(latest, before?.get(placeOf({ topic, partition })) ?? latest));
      return { topic, partition, from: Math.max(earliest, to - limit), to, earliest };
    });
    const hasOlder = spans.some(({ from, earliest }) => from > earliest);
    return {
      ...(await this.#read(spans)),
      older: hasOlder ? new Map(spans.map((span) => [placeOf(span), span.from])) : undefined,
      stored: ends.reduce((sum, { earliest, latest }) => sum + latest - earliest, 0),
    };
  }

  /** The record itself. Rejects with PIPE_TASK_NOT_DEAD_LETTER, PIPE_BROKER_UNAVAILABLE. */
  async record(place: RecordPlace): Promise<InboundRecord> {
    const ends = await this.#ends(place.topic);
    const isStored = ends.some(
      ({ partition, earliest, latest }) =>
        partition === place.partition && place.offset >= earliest && place.offset < latest,
    );
    let found: InboundRecord | undefined;
    if (isStored) {
      await this.#readSpans([{ ...place, from: place.offset, to: place.offset + 1 }], (record) => {
        found = record;
      });
    }
    if (!found) throw new PenstockError('PIPE_TASK_NOT_DEAD_LETTER', 'there is no dead letter at that place');
    return found;
  }

  async close(): Promise<void> {
    await this.#admin.close((open) => open.close());
  }

  /** A topic that was not made yet holds nothing. */
  async #ends(topic: string) {
    const asked = this.#admin.get().then((admin: Admin) => admin.offsets(topic));
    try {
      const ends = await withDeadline(asked, this.#deadlineMs, 'PIPE_BROKER_UNAVAILABLE');
      return ends.map((each) => ({ topic, ...each }));
    } catch (error) {
      if (error instanceof PenstockError && error.code === 'PIPE_TOPIC_UNKNOWN') return [];
      throw error;
    }
  }

  #read(spans: readonly RecordSpan[]): Promise<Pick<DeadLetterPage, 'letters' | 'isPartial'>> {
    const key = JSON.stringify(spans.map((span) => [placeOf(span), span.from, span.to]));
    const known = this.#kept.get(key);
    if (known) return known;
    const reading = this.#readPage(spans);
    this.#kept.set(key, reading);
    reading.then(
      ({ isPartial }) => isPartial && this.#kept.delete(key),
      () => this.#kept.delete(key),
    );
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > maxKeptPages && oldest !== undefined) this.#kept.delete(oldest);
    return reading;
  }

  async #readPage(spans: readonly RecordSpan[]): Promise<Pick<DeadLetterPage, 'letters' | 'isPartial'>> {
    const letters: DeadLetterSummary[] = [];
    const isWhole = await this.#readSpans(spans, (record, place) => letters.push(readDeadLetter(record, place)));
    letters.sort((a, b) => b.at - a.at || b.offset - a.offset);
    return { letters, isPartial: !isWhole };
  }

  async #readSpans(
    spans: readonly RecordSpan[],
    onRecord: (record: InboundRecord, place: RecordPlace) => void,
  ): Promise<boolean> {
    try {
      const { isWhole } = await readRecords({
        ...{ broker: this.#options.broker, name: 'penstock.dead-letters', spans, onRecord },
        ...{ maxBytes: maxPageBytes, deadlineMs: this.#deadlineMs },
      });
      return isWhole;
    } catch (error) {
      if (error instanceof PenstockError && error.code === 'PIPE_BROKER_UNAVAILABLE') throw error;
      throw new PenstockError('PIPE_BROKER_UNAVAILABLE', `dead letters cannot be read: ${messageOf(error)}`, {
        cause: error,
      });
    }
  }

  get #deadlineMs(): number {
    return this.#options.deadlineMs ?? 4_000;
  }
}
