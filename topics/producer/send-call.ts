import { PenstockError } from '../../schemas/errors.ts';
import type { Headers, OutboundRecord, RecordPlace } from '../ports.ts';
import { noteOutcomes } from '../record-outcomes.ts';
import type { Waiting } from './batch-planner.ts';

/** Framing, length and delta bytes that Kafka adds to a record; an estimate from above. */
const recordOverheadBytes = 24;
const headerOverheadBytes = 8;

/** A record of a call on its way. */
export interface PendingRecord extends Waiting {
  readonly topic: string;
  /** undefined: the producer chooses. */
  readonly partition: number | 'any' | undefined;
  readonly call: SendCall;
  readonly index: number;
}

const notYet = (): void => undefined;

/** One send(): many records, one promise. Settles once. */
export class SendCall {
  readonly records: readonly PendingRecord[];
  readonly bytes: number;
  readonly sentAtMs: number;
  readonly promise: Promise<readonly RecordPlace[]>;
  settled = false;
  readonly #places: RecordPlace[];
  readonly #failures = new Map<number, PenstockError>();
  #left: number;
  #failure: PenstockError | undefined;
  #resolve: (places: readonly RecordPlace[]) => void = notYet;
  #reject: (error: PenstockError) => void = notYet;

  constructor(records: readonly OutboundRecord[], sentAtMs: number) {
    this.sentAtMs = sentAtMs;
    this.records = records.map((record, index) => pendingOf(this, record, index));
    this.bytes = this.records.reduce((sum, { bytes }) => sum + bytes, 0);
    this.#places = new Array(records.length);
    this.#left = records.length;
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** true: it was the last one, and the call is settled now. */
  written(index: number, place: RecordPlace): boolean {
    this.#places[index] = place;
    return this.#recordDone();
  }

  /** The call waits for its other records, so that a rejected call has nothing in flight. */
  failed(index: number, error: PenstockError): boolean {
    this.#failures.set(index, error);
    this.#failure ??= new PenstockError(error.code, error.message, {
      context: { ...error.context, index },
      cause: error,
    });
    return this.#recordDone();
  }

  /** Rejects at once, whatever flies. */
  abandon(error: PenstockError): void {
    if (this.settled) return;
    this.settled = true;
    this.#rejectWith(error);
  }

  #recordDone(): boolean {
    this.#left -= 1;
    if (this.#left > 0 || this.settled) return false;
    this.settled = true;
    if (this.#failure) this.#rejectWith(this.#failure);
    else this.#resolve(this.#places);
    return true;
  }

  #rejectWith(error: PenstockError): void {
    noteOutcomes(
      error,
      this.records.map((_, index) => this.#failures.get(index) ?? this.#places[index]),
    );
    this.#reject(error);
  }
}

function pendingOf(call: SendCall, record: OutboundRecord, index: number): PendingRecord {
  const { topic, partition, value, headers, timestampMs } = record;
  const key = typeof record.key === 'string' ? Buffer.from(record.key) : record.key;
  const bytes = sizeOf(key, value, headers);
  return { topic, partition, key, value, headers, timestampMs, bytes, queuedAtMs: call.sentAtMs, call, index };
}

function sizeOf(key: Buffer | null, value: Buffer | null, headers: Headers | undefined): number {
  const body = (key?.length ?? 0) + (value?.length ?? 0);
  return recordOverheadBytes + body + (headers ? headerBytes(headers) : 0);
}

function headerBytes(headers: Headers): number {
  let bytes = 0;
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    const overhead = headerOverheadBytes + name.length;
    if (!Array.isArray(value)) bytes += overhead + (value?.length ?? 0);
    else for (const one of value) bytes += overhead + one.length;
  }
  return bytes;
}
