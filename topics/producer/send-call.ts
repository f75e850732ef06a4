import { PenstockError } from '../../schemas/errors.ts';
import type { Headers, OutboundRecord, RecordPlace } from '../ports.ts';
import type { Waiting } from './batch-planner.ts';

/** Framing, length and delta bytes that Kafka adds to a record; an estimate from above. */
const recordOverheadBytes = 24;
const headerOverheadBytes = 8;

export interface PendingRecord extends Waiting {
  readonly call: SendCall;
  readonly index: number;
}

/** One send(): many records, one promise. Settles once. */
export class SendCall {
  readonly records: readonly OutboundRecord[];
  readonly keys: (Buffer | null)[];
  readonly sizes: number[];
  readonly bytes: number;
  readonly deadlineMs: number;
  readonly promise: Promise<readonly RecordPlace[]>;
  settled = false;
  readonly #places: RecordPlace[];
  #left: number;
  #failure: PenstockError | undefined;
  #resolve: (places: readonly RecordPlace[]) => void = () => undefined;
  #reject: (error: PenstockError) => void = () => undefined;

  constructor(records: readonly OutboundRecord[], deadlineMs: number) {
    this.records = records;
    this.deadlineMs = deadlineMs;
    this.keys = records.map(({ key }) => (typeof key === 'string' ? Buffer.from(key) : key));
    this.sizes = records.map((record, index) => sizeOf(record, this.keys[index] ?? null));
    this.bytes = this.sizes.reduce((sum, size) => sum + size, 0);
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
    this.#reject(error);
  }

  #recordDone(): boolean {
    this.#left -= 1;
    if (this.#left > 0 || this.settled) return false;
    this.settled = true;
    if (this.#failure) this.#reject(this.#failure);
    else this.#resolve(this.#places);
    return true;
  }
}

function sizeOf(record: OutboundRecord, key: Buffer | null): number {
  const body = (key?.length ?? 0) + (record.value?.length ?? 0);
  return recordOverheadBytes + body + (record.headers ? headerBytes(record.headers) : 0);
}

function headerBytes(headers: Headers): number {
  let bytes = 0;
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    for (const one of Array.isArray(value) ? value : [value]) {
      bytes += headerOverheadBytes + name.length + (one?.length ?? 0);
    }
  }
  return bytes;
}
