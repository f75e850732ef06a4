import type { PartitionWrite, WireRecord } from './transport.ts';

export interface PlannerLimits {
  readonly lingerMs: number;
  readonly maxRecords: number;
  readonly maxBytes: number;
  /** How many flights may carry one partition at once. Default 1, which keeps its order. */
  readonly maxFlightsPerPartition?: number;
}

export interface Waiting extends WireRecord {
  readonly queuedAtMs: number;
}

/** The part of a flight that belongs to one partition. */
export interface FlightPart<T extends Waiting> extends PartitionWrite {
  readonly records: T[];
}

export type Flight<T extends Waiting> = readonly FlightPart<T>[];

interface Lane<T extends Waiting> {
  readonly topic: string;
  readonly partition: number;
  queue: T[];
  bytes: number;
  flying: number;
  /** Records in one write; lowered while a batch that was too large is taken apart. */
  limit: number;
  /** Flies alone, so that its error is its own. */
  solo: boolean;
  notBeforeMs: number;
}

/**
 * Decides which waiting records fly together. A partition is in at most one flight, which is what keeps its order,
 * unless the limits allow more; partitions fly side by side. No clock and no I/O of its own.
 */
export class BatchPlanner<T extends Waiting> {
  readonly #limits: PlannerLimits;
  /** Only lanes with something waiting or flying or with a memory of trouble; first come, first served. */
  readonly #lanes = new Map<string, Lane<T>>();
  #waitingRecords = 0;
  #waitingBytes = 0;

  constructor(limits: PlannerLimits) {
    this.#limits = limits;
  }

  get isEmpty(): boolean {
    for (const lane of this.#lanes.values()) if (lane.flying > 0 || lane.queue.length > 0) return false;
    return true;
  }

  /** Whether what waits, in lanes that may not fly now too, would fill a flight. */
  get isFull(): boolean {
    return this.#waitingRecords >= this.#limits.maxRecords || this.#waitingBytes >= this.#limits.maxBytes;
  }

  add(topic: string, partition: number, record: T): void {
    const lane = this.#lane(topic, partition);
    lane.queue.push(record);
    this.#count(lane, 1, record.bytes);
  }

  /** The next flight, if one is due: enough records, enough bytes, or one that has waited long enough. */
  next(nowMs: number, flushing: boolean): Flight<T> | undefined {
    const ready = this.#ready(nowMs);
    const first = ready[0];
    if (!first || !(flushing || this.#isDue(ready, nowMs))) return undefined;
    const alone = ready.find((lane) => lane.solo);
    const parts = alone ? [this.#take(alone, this.#limits.maxRecords, this.#limits.maxBytes)] : this.#fill(ready);
    return parts;
  }

  /** When to ask again if nothing else happens; undefined: nothing waits for time. */
  wakeAtMs(): number | undefined {
    let wakeAt: number | undefined;
    for (const lane of this.#lanes.values()) {
      const head = lane.queue[0];
      if (!head || this.#isBusy(lane)) continue;
      const due = Math.max(head.queuedAtMs + this.#limits.lingerMs, lane.notBeforeMs);
      if (wakeAt === undefined || due < wakeAt) wakeAt = due;
    }
    return wakeAt;
  }

  written(part: FlightPart<T>): void {
    const lane = this.#lane(part.topic, part.partition);
    lane.limit = Math.min(this.#limits.maxRecords, lane.limit * 2);
    lane.solo = lane.limit < this.#limits.maxRecords;
    this.#land(part, lane, []);
  }

  /** Given up: the lane goes on with what follows. */
  dropped(part: FlightPart<T>): void {
    this.#land(part, this.#lane(part.topic, part.partition), []);
  }

  /** Flies again, ahead of what came later. */
  retry(part: FlightPart<T>, records: T[], notBeforeMs: number): void {
    const lane = this.#lane(part.topic, part.partition);
    lane.notBeforeMs = notBeforeMs;
    this.#land(part, lane, records);
  }

  /** Flies again on its own; halved as well where it already flew alone. */
  isolate(part: FlightPart<T>, records: T[], shared: boolean): void {
    const lane = this.#lane(part.topic, part.partition);
    lane.solo = true;
    if (!shared) lane.limit = Math.max(1, Math.floor(part.records.length / 2));
    this.#land(part, lane, records);
  }

  /** Takes waiting records out, e.g. those of a call that has expired. Returns their bytes. */
  discard(isGone: (record: T) => boolean): number {
    let bytes = 0;
    for (const [id, lane] of this.#lanes) {
      lane.queue = lane.queue.filter((record) => {
        if (!isGone(record)) return true;
        bytes += record.bytes;
        this.#count(lane, -1, -record.bytes);
        return false;
      });
      this.#forget(id, lane);
    }
    return bytes;
  }

  #ready(nowMs: number): Lane<T>[] {
    const ready: Lane<T>[] = [];
    for (const lane of this.#lanes.values()) {
      if (lane.queue.length > 0 && lane.notBeforeMs <= nowMs && !this.#isBusy(lane)) ready.push(lane);
    }
    return ready;
  }

  /** In trouble a lane flies once at a time, so that each answer is about what was sent last. */
  #isBusy(lane: Lane<T>): boolean {
    return lane.flying >= (lane.solo ? 1 : (this.#limits.maxFlightsPerPartition ?? 1));
  }

  #isDue(ready: readonly Lane<T>[], nowMs: number): boolean {
    const { lingerMs, maxRecords, maxBytes } = this.#limits;
    let records = 0;
    let bytes = 0;
    for (const lane of ready) {
      const head = lane.queue[0];
      if (head && head.queuedAtMs + lingerMs <= nowMs) return true;
      records += lane.queue.length;
      if (records >= maxRecords) return true;
      bytes += lane.bytes;
      if (bytes >= maxBytes) return true;
    }
    return false;
  }

  #fill(ready: readonly Lane<T>[]): Flight<T> {
    const parts: FlightPart<T>[] = [];
    let records = 0;
    let bytes = 0;
    for (const lane of ready) {
      const head = lane.queue[0];
      if (records >= this.#limits.maxRecords || bytes >= this.#limits.maxBytes) break;
      if (!head || (parts.length > 0 && bytes + head.bytes > this.#limits.maxBytes)) continue;
      const part = this.#take(lane, this.#limits.maxRecords - records, this.#limits.maxBytes - bytes);
      records += part.records.length;
      bytes += bytesOf(part.records);
      parts.push(part);
    }
    return parts;
  }

  /** At least one record, however large: the broker has the last word on what is too large. */
  #take(lane: Lane<T>, maxRecords: number, maxBytes: number): FlightPart<T> {
    const most = Math.min(maxRecords, lane.limit, lane.queue.length);
    let count = 0;
    let bytes = 0;
    while (count < most) {
      bytes += lane.queue[count]?.bytes ?? 0;
      if (count > 0 && bytes > maxBytes) break;
      count += 1;
    }
    lane.flying += 1;
    const records = lane.queue.splice(0, count);
    this.#count(lane, -records.length, -bytesOf(records));
    return { topic: lane.topic, partition: lane.partition, records };
  }

  #land(part: FlightPart<T>, lane: Lane<T>, again: T[]): void {
    lane.flying -= 1;
    if (again.length > 0) {
      lane.queue = [...again, ...lane.queue];
      this.#count(lane, again.length, bytesOf(again));
    }
    const id = laneId(part.topic, part.partition);
    this.#lanes.delete(id);
    this.#lanes.set(id, lane);
    this.#forget(id, lane);
  }

  #count(lane: Lane<T>, records: number, bytes: number): void {
    lane.bytes += bytes;
    this.#waitingRecords += records;
    this.#waitingBytes += bytes;
  }

  #forget(id: string, lane: Lane<T>): void {
    if (lane.flying === 0 && lane.queue.length === 0 && !lane.solo) this.#lanes.delete(id);
  }

  #lane(topic: string, partition: number): Lane<T> {
    const id = laneId(topic, partition);
    const known = this.#lanes.get(id);
    if (known) return known;
    const limit = this.#limits.maxRecords;
    const lane: Lane<T> = { topic, partition, queue: [], bytes: 0, flying: 0, limit, solo: false, notBeforeMs: 0 };
    this.#lanes.set(id, lane);
    return lane;
  }
}

/** A topic name holds no colon. */
const laneId = (topic: string, partition: number): string => `${partition}:${topic}`;

const bytesOf = (records: readonly WireRecord[]): number => records.reduce((sum, record) => sum + record.bytes, 0);
