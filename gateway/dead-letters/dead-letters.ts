import type { RecordSpan } from '../../topics/read-records.ts';
import type { RecordReader } from '../records/record-reader.ts';
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

const maxKeptPages = 8;

/** Pages of dead letter topics straight from Kafka, newest first, never more than a page of them. */
export class DeadLetters {
  readonly #records: RecordReader;
  /** Records do not change: the same spans are the same page, until the topic grows. */
  readonly #kept = new Map<string, Promise<Pick<DeadLetterPage, 'letters' | 'isPartial'>>>();

  constructor(records: RecordReader) {
    this.#records = records;
  }

  /** The newest `limit` of each partition, before these positions. Rejects with PIPE_BROKER_UNAVAILABLE. */
  async page(topics: readonly string[], limit: number, before?: Positions): Promise<DeadLetterPage> {
    const ends = (await Promise.all(topics.map((topic) => this.#records.ends(topic)))).flat();
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
    const isWhole = await this.#records.read(spans, (record, place) => letters.push(readDeadLetter(record, place)));
    letters.sort((a, b) => b.at - a.at || b.offset - a.offset);
    return { letters, isPartial: !isWhole };
  }
}
