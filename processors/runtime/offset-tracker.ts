import { decodeFinished, encodeFinished, maxUsefulRuns, type Run } from './finished-offsets.ts';

/** take() gives it for a record that needs no run: it is held already, or was finished before. */
export const alreadyTaken = -1;

const firstCapacity = 1024;
const unfinished = 0;
const finished = 1;

/**
 * Which offsets of one assigned partition are taken, finished, and safe to commit.
 *
 * A ring of the offsets between the commit position and the newest taken one, in order; a ticket is an offset's place
 * in the order of arrival. Offsets may have gaps (compaction, transaction markers); a gap never holds the position back.
 * Relies on one promise of the consumer: within an assignment, records of a partition arrive in offset order, and a
 * refetch begins at or below what was taken. So an offset at or below the newest taken one is a repeat.
 */
export class OffsetTracker {
  #offsets = new Float64Array(firstCapacity);
  #states = new Uint8Array(firstCapacity);
  /** Tickets [#head, #tail) are in the ring. */
  #head = 0;
  #tail = 0;
  #newest: number;
  #empty: number;
  /** Finished in an earlier life, not yet met again; absolute, in order. */
  #restored: Run[];
  #version = 0;

  constructor(committed: { readonly offset: number; readonly metadata: string } | null) {
    const base = committed?.offset ?? 0;
    this.#empty = base;
    this.#newest = base - 1;
    const runs = committed === null ? [] : decodeFinished(committed.metadata);
    this.#restored = runs.map((run) => ({ start: base + run.start, end: base + run.end }));
  }

  /** Grows with each change of position or of the finished set above it. */
  get version(): number {
    return this.#version;
  }

  /** Every existing offset below it is finished. Commit this. */
  get position(): number {
    return this.#head === this.#tail ? this.#empty : (this.#offsets[this.#head & this.#mask] ?? this.#empty);
  }

  /** Offsets between the position and the newest taken one, finished or not. */
  get span(): number {
    return this.#tail - this.#head;
  }

  /** A ticket for finish(), or `alreadyTaken`. */
  take(offset: number): number {
    if (offset <= this.#newest) return alreadyTaken;
    this.#newest = offset;
    if (this.#restored.length > 0 && this.#wasFinished(offset)) {
      this.#skip(offset);
      return alreadyTaken;
    }
    return this.#push(offset, unfinished);
  }

  /** Each ticket once. */
  finish(ticket: number): void {
    this.#version++;
    this.#states[ticket & this.#mask] = finished;
    if (ticket === this.#head) this.#advance();
  }

  /** Metadata for a commit at `position`: the finished offsets above it, as many as fit. */
  metadata(): string {
    const base = this.position;
    return encodeFinished(this.#finishedRuns().map((run) => ({ start: run.start - base, end: run.end - base })));
  }

  get #mask(): number {
    return this.#states.length - 1;
  }

  #push(offset: number, state: number): number {
    if (this.#tail - this.#head === this.#states.length) this.#resize(this.#states.length * 2);
    const ticket = this.#tail++;
    this.#offsets[ticket & this.#mask] = offset;
    this.#states[ticket & this.#mask] = state;
    return ticket;
  }

  #skip(offset: number): void {
    this.#version++;
    if (this.#head === this.#tail) this.#empty = offset + 1;
    else this.#push(offset, finished);
  }

  #advance(): void {
    const mask = this.#mask;
    while (this.#head < this.#tail && this.#states[this.#head & mask] === finished) this.#head++;
    if (this.#head < this.#tail) return;
    this.#empty = this.#newest + 1;
    if (this.#states.length > firstCapacity * 64) this.#resize(firstCapacity);
  }

  #resize(capacity: number): void {
    const offsets = new Float64Array(capacity);
    const states = new Uint8Array(capacity);
    const mask = this.#mask;
    for (let ticket = this.#head; ticket < this.#tail; ticket++) {
      offsets[ticket & (capacity - 1)] = this.#offsets[ticket & mask] ?? 0;
      states[ticket & (capacity - 1)] = this.#states[ticket & mask] ?? unfinished;
    }
    this.#offsets = offsets;
    this.#states = states;
  }

  /** Offsets only grow, so runs wholly below are done with. */
  #wasFinished(offset: number): boolean {
    let first = this.#restored[0];
    while (first !== undefined && first.end <= offset) {
      this.#restored.shift();
      first = this.#restored[0];
    }
    return first !== undefined && first.start <= offset;
  }

  /** In order, merged over gaps: an offset that does not exist may as well count as finished. */
  #finishedRuns(): Run[] {
    const runs: { start: number; end: number }[] = [];
    const mask = this.#mask;
    let open: { start: number; end: number } | undefined;
    for (let ticket = this.#head; ticket < this.#tail && runs.length <= maxUsefulRuns * 8; ticket++) {
      const offset = this.#offsets[ticket & mask] ?? 0;
      if (this.#states[ticket & mask] !== finished) open = undefined;
      else if (open !== undefined) open.end = offset + 1;
      else {
        open = { start: offset, end: offset + 1 };
        runs.push(open);
      }
    }
    for (const run of this.#restored) {
      if (run.end <= this.#newest + 1) continue;
      runs.push({ start: Math.max(run.start, this.#newest + 1), end: run.end });
    }
    return runs;
  }
}
