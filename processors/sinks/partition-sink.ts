import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Logger } from 'pino';
import { PenstockError } from '../../schemas/errors.ts';
import type { AssignedPartition, InboundRecord } from '../../topics/ports.ts';
import { type Batch, type BatchLimits, BatchPlanner, type PlannedRecord } from './batch-planner.ts';
import { describeError, insist, isWorthALine } from './insist.ts';
import { insertToken, type OffsetRange, readRange, writeRange } from './range-metadata.ts';

/** A record with its rows as text. */
export interface RowsRecord extends PlannedRecord {
  readonly lines: readonly string[];
}

export interface PartitionSinkParts {
  readonly limits: BatchLimits;
  readonly logger: Logger;
  readonly stats: SinkCounts;
  /** The rows of a record. Throws or rejects: with a retryable error, it is read again later; with any other, skipped. */
  readonly read: (record: InboundRecord) => readonly string[] | Promise<readonly string[]>;
  /** Resolves when the rows are stored, once for all calls with that token. */
  readonly insert: (lines: readonly string[], token: string) => Promise<void>;
  /** Resolves when the broker has it. Never called once the assignment is over. */
  readonly commit: (offset: number, metadata: string) => Promise<void>;
  /** Called when something left the buffer. */
  readonly onRoom: () => void;
}

/** Counted over all partitions. */
export interface SinkCounts {
  rows: number;
  inserts: number;
  repeats: number;
  unreadable: number;
  failures: number;
}

/** Rows turned into text before the event loop gets its turn. */
const rowsPerTurn = 2000;

/**
 * Carries one assigned partition into ClickHouse: announce the range, insert it under its token, commit past it. A
 * crash between any two of these repeats the very same insert, which stores nothing twice.
 */
export class PartitionSink {
  readonly #parts: PartitionSinkParts;
  readonly #partition: AssignedPartition;
  readonly #planner: BatchPlanner<RowsRecord>;
  readonly #ended = new AbortController();
  readonly #done: Promise<void>;
  #raw: InboundRecord[] = [];
  #rawHead = 0;
  #rawBytes = 0;
  #inserting: Promise<unknown> = Promise.resolve();
  #wake: () => void = () => undefined;
  /** Stored but not yet committed past. */
  #owed: number | undefined;
  #isLost = false;

  constructor(partition: AssignedPartition, parts: PartitionSinkParts) {
    const { committed } = partition;
    this.#partition = partition;
    this.#parts = parts;
    this.#planner = new BatchPlanner(
      parts.limits,
      committed ? readRange(committed.metadata, committed.offset) : undefined,
    );
    this.#done = this.#run();
  }

  get bufferedBytes(): number {
    return this.#rawBytes + this.#planner.waitingBytes;
  }

  offer(records: readonly InboundRecord[]): void {
    for (const record of records) {
      this.#raw.push(record);
      this.#rawBytes += sizeOf(record);
    }
    this.#wake();
  }

  /** The partition is not ours any more: no commit from here on. Resolves when no insert is under way. */
  async lose(): Promise<void> {
    this.#owed = undefined;
    this.#isLost = true;
    this.#ended.abort();
    this.#wake();
    await this.#inserting;
  }

  /** Ends what is under way, commits past it, and begins nothing more. */
  async drain(): Promise<void> {
    this.#ended.abort();
    this.#wake();
    await this.#done;
  }

  async #run(): Promise<void> {
    const { signal } = this.#ended;
    while (!signal.aborted) {
      await this.#readRaw();
      const batch = this.#planner.take(performance.now());
      if (batch) await this.#store(batch);
      else if (this.#owed !== undefined) await this.#settle();
      else await this.#sleep();
    }
    await this.#settleLast();
  }

  async #readRaw(): Promise<void> {
    let rows = 0;
    while (!this.#ended.signal.aborted && !this.#planner.isFull) {
      const record = this.#raw[this.#rawHead];
      if (!record) return;
      const lines = await this.#readRecord(record);
      if (lines === undefined) return;
      this.#rawBytes -= sizeOf(record);
      this.#forget();
      this.#planner.add(plan(record, lines));
      rows += lines.length;
      if (rows < rowsPerTurn) continue;
      rows = 0;
      await nextTurn();
    }
  }

  /** Drops the record at the head; a shift for each would move the rest of the queue each time. */
  #forget(): void {
    this.#rawHead += 1;
    if (this.#rawHead < 256 && this.#rawHead < this.#raw.length) return;
    this.#raw = this.#raw.slice(this.#rawHead);
    this.#rawHead = 0;
  }

  /** undefined: the assignment ended before it could be read. */
  async #readRecord(record: InboundRecord): Promise<readonly string[] | undefined> {
    const { read, logger, stats } = this.#parts;
    try {
      let lines: readonly string[] = [];
      const isRead = await this.#insist('read', async () => {
        lines = await read(record);
      });
      return isRead ? lines : undefined;
    } catch (error) {
      const { topic, partition } = this.#partition;
      stats.unreadable += 1;
      if (stats.unreadable <= 100 || isWorthALine(stats.unreadable)) {
        logger.error(
          { topic, partition, offset: record.offset, ...describeError(error) },
          'a record of attempts cannot be read: its rows are missing from the history',
        );
      }
      return [];
    }
  }

  async #store({ range, records, isRepeat }: Batch<RowsRecord>): Promise<void> {
    const { topic, partition } = this.#partition;
    const lines = records.flatMap((record) => record.lines);
    if (lines.length > 0) {
      if (!isRepeat && !(await this.#announce(range))) return;
      const token = insertToken(topic, partition, range);
      if (!(await this.#insist('insert', () => this.#insert(lines, token)))) return;
      this.#count(lines.length, isRepeat);
    }
    this.#owed = range.hi + 1;
    this.#parts.onRoom();
  }

  #insert(lines: readonly string[], token: string): Promise<void> {
    const inserting = this.#parts.insert(lines, token);
    this.#inserting = inserting.catch(() => undefined);
    return inserting;
  }

  /** Doubles as the commit of what came before. false: the assignment ended. */
  async #announce(range: OffsetRange): Promise<boolean> {
    const isDone = await this.#insist('commit', () => this.#parts.commit(range.lo, writeRange(range)));
    if (isDone) this.#owed = undefined;
    return isDone;
  }

  async #settle(): Promise<void> {
    const offset = this.#owed;
    if (offset === undefined) return;
    if (await this.#insist('commit', () => this.#parts.commit(offset, ''))) this.#owed = undefined;
  }

  /** Once: who ends has no time to insist, and the next owner repeats the insert without harm. */
  async #settleLast(): Promise<void> {
    if (this.#owed === undefined || this.#isLost) return;
    const { topic, partition } = this.#partition;
    await this.#parts.commit(this.#owed, '').catch((error: unknown) => {
      this.#parts.logger.warn(
        { topic, partition, ...describeError(error) },
        'the last insert could not be committed past',
      );
    });
  }

  #count(rows: number, isRepeat: boolean): void {
    const { stats } = this.#parts;
    stats.rows += rows;
    stats.inserts += 1;
    if (isRepeat) stats.repeats += 1;
  }

  /** false: the assignment ended first. */
  #insist(step: 'read' | 'insert' | 'commit', work: () => Promise<void>): Promise<boolean> {
    const { logger, stats } = this.#parts;
    const { topic, partition } = this.#partition;
    return insist(work, {
      signal: this.#ended.signal,
      logger,
      about: { topic, partition, step },
      ...(step === 'read' ? { isHopeless: (error: unknown) => !isPassing(error) } : {}),
      onFailure: () => {
        stats.failures += 1;
      },
    });
  }

  async #sleep(): Promise<void> {
    if (this.#ended.signal.aborted || (this.#raw.length > this.#rawHead && !this.#planner.isFull)) return;
    const { dueAtMs } = this.#planner;
    await new Promise<void>((resolve) => {
      const timer = dueAtMs === undefined ? undefined : setTimeout(resolve, Math.max(0, dueAtMs - performance.now()));
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = () => undefined;
  }
}

const isPassing = (error: unknown): boolean => error instanceof PenstockError && error.retryable;

const sizeOf = ({ key, value }: InboundRecord): number => (key?.length ?? 0) + (value?.length ?? 0);

function plan(record: InboundRecord, lines: readonly string[]): RowsRecord {
  let bytes = 0;
  for (const line of lines) bytes += line.length + 1;
  return { offset: record.offset, rows: lines.length, bytes, lines, arrivedAtMs: performance.now() };
}
