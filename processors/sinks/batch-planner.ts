import type { OffsetRange } from './range-metadata.ts';

/** A record of penstock.attempts, ready to be inserted; `rows` is 0 for one that could not be read. */
export interface PlannedRecord {
  readonly offset: number;
  readonly rows: number;
  readonly bytes: number;
  readonly arrivedAtMs: number;
}

export interface BatchLimits {
  readonly maxRows: number;
  readonly maxBytes: number;
  /** A batch is not held open longer than this after its first record came. */
  readonly maxWaitMs: number;
}

export interface Batch<Record extends PlannedRecord> {
  readonly range: OffsetRange;
  readonly records: readonly Record[];
  /** It was announced before by somebody who may have inserted it. */
  readonly isRepeat: boolean;
}

/**
 * Cuts the records of one partition into inserts. An announced range comes first and exactly as it was announced; what
 * follows is free until it is announced in its turn. Pure: time is what the caller says it is.
 */
export class BatchPlanner<Record extends PlannedRecord> {
  readonly #limits: BatchLimits;
  #announced: OffsetRange | undefined;
  #waiting: Record[] = [];
  #bytes = 0;
  #nextOffset = 0;
  /** Of the records that the next batch has so far, and how many they are once it is full. */
  #open = { rows: 0, bytes: 0, records: 0 };
  #fullCount: number | undefined;

  constructor(limits: BatchLimits, announced?: OffsetRange) {
    this.#limits = limits;
    this.#announced = announced;
  }

  get waitingBytes(): number {
    return this.#bytes;
  }

  /** Records come in order; one that came before is dropped. */
  add(record: Record): void {
    if (record.offset < this.#nextOffset) return;
    this.#nextOffset = record.offset + 1;
    this.#bytes += record.bytes;
    this.#waiting.push(record);
    this.#extend(record);
  }

  /** The next insert, if it is complete or has waited long enough. It is handed out once. */
  take(nowMs: number): Batch<Record> | undefined {
    const announced = this.#announced;
    if (announced) return this.#takeAnnounced(announced);
    const count = this.#fullCount ?? (this.#dueAtMs() <= nowMs ? this.#waiting.length : 0);
    const records = this.#remove(count);
    const [first, last] = [records[0], records.at(-1)];
    if (!first || !last) return undefined;
    return { range: { lo: first.offset, hi: last.offset }, records, isRepeat: false };
  }

  /** When take() will have something though nothing more comes; undefined: only more records can bring it. */
  get dueAtMs(): number | undefined {
    const due = this.#announced ? Number.POSITIVE_INFINITY : this.#dueAtMs();
    return Number.isFinite(due) ? due : undefined;
  }

  /** true: more records would not help the next batch. */
  get isFull(): boolean {
    if (!this.#announced) return this.#fullCount !== undefined;
    return this.#nextOffset > this.#announced.hi;
  }

  #takeAnnounced(range: OffsetRange): Batch<Record> | undefined {
    if (this.#nextOffset <= range.hi) return undefined;
    this.#announced = undefined;
    // Retention may have taken the last records of the range: then the first record behind it ends the waiting.
    const behind = this.#waiting.findIndex(({ offset }) => offset > range.hi);
    const records = this.#remove(behind < 0 ? this.#waiting.length : behind);
    return { range, records, isRepeat: true };
  }

  #dueAtMs(): number {
    const [first] = this.#waiting;
    return first ? first.arrivedAtMs + this.#limits.maxWaitMs : Number.POSITIVE_INFINITY;
  }

  #extend(record: Record): void {
    if (this.#fullCount !== undefined) return;
    const { maxRows, maxBytes } = this.#limits;
    const rows = this.#open.rows + record.rows;
    const bytes = this.#open.bytes + record.bytes;
    const records = this.#open.records + 1;
    const isOver = rows > maxRows || bytes > maxBytes;
    if (isOver) this.#fullCount = Math.max(1, records - 1);
    else if (rows === maxRows || records === maxRecords) this.#fullCount = records;
    this.#open = { rows, bytes, records };
  }

  #remove(count: number): Record[] {
    const records = this.#waiting.slice(0, count);
    this.#waiting = this.#waiting.slice(count);
    for (const { bytes } of records) this.#bytes -= bytes;
    this.#open = { rows: 0, bytes: 0, records: 0 };
    this.#fullCount = undefined;
    for (const record of this.#waiting) this.#extend(record);
    return records;
  }
}

/** Records without rows count too, or a flood of them would never be committed. */
const maxRecords = 10_000;
