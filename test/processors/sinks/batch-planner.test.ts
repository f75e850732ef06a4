import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BatchPlanner, type PlannedRecord } from '../../../processors/sinks/batch-planner.ts';
import { insertToken, readRange, writeRange } from '../../../processors/sinks/range-metadata.ts';

const limits = { maxRows: 10, maxBytes: 1000, maxWaitMs: 100 };
const record = (offset: number, rows = 1, arrivedAtMs = 0): PlannedRecord => ({
  offset,
  rows,
  bytes: rows * 10,
  arrivedAtMs,
});
const offsetsOf = (records: readonly PlannedRecord[]) => records.map(({ offset }) => offset);

describe('the batch planner', () => {
  it('fills a batch up to the row limit and leaves the rest for the next', () => {
    const planner = new BatchPlanner(limits);
    for (let offset = 0; offset < 5; offset += 1) planner.add(record(offset, 4));
    expect(planner.take(0)).toMatchObject({ range: { lo: 0, hi: 1 }, isRepeat: false });
    expect(planner.take(0)).toMatchObject({ range: { lo: 2, hi: 3 } });
    expect(planner.take(0)).toBeUndefined();
    expect(planner.take(100)).toMatchObject({ range: { lo: 4, hi: 4 } });
    expect(planner.take(1000)).toBeUndefined();
  });

  it('takes a record that is larger than the limits alone', () => {
    const planner = new BatchPlanner(limits);
    planner.add(record(0, 50));
    planner.add(record(1, 1));
    expect(planner.take(0)?.range).toEqual({ lo: 0, hi: 0 });
    expect(planner.take(100)?.range).toEqual({ lo: 1, hi: 1 });
  });

  it('is due when its first record has waited, whatever came later', () => {
    const planner = new BatchPlanner(limits);
    expect(planner.dueAtMs).toBeUndefined();
    planner.add(record(0, 1, 40));
    planner.add(record(1, 1, 130));
    expect(planner.dueAtMs).toBe(140);
    expect(planner.take(139)).toBeUndefined();
    expect(planner.take(140)?.range).toEqual({ lo: 0, hi: 1 });
  });

  it('drops a record that came before', () => {
    const planner = new BatchPlanner(limits);
    for (const offset of [3, 4, 3, 4, 5]) planner.add(record(offset));
    expect(offsetsOf(planner.take(100)?.records ?? [])).toEqual([3, 4, 5]);
  });

  it('makes an announced range first, exactly, and not before all of it came', () => {
    const planner = new BatchPlanner(limits, { lo: 3, hi: 5 });
    planner.add(record(3));
    planner.add(record(4, 9));
    expect(planner.take(10_000)).toBeUndefined();
    expect(planner.dueAtMs).toBeUndefined();
    planner.add(record(5, 9));
    planner.add(record(6));
    expect(planner.take(0)).toMatchObject({ range: { lo: 3, hi: 5 }, isRepeat: true });
    expect(planner.take(100)).toMatchObject({ range: { lo: 6, hi: 6 }, isRepeat: false });
  });

  it('ends the wait for an announced range whose last records are gone', () => {
    const planner = new BatchPlanner(limits, { lo: 3, hi: 5 });
    planner.add(record(4));
    planner.add(record(9));
    const batch = planner.take(0);
    expect(batch?.range).toEqual({ lo: 3, hi: 5 });
    expect(offsetsOf(batch?.records ?? [])).toEqual([4]);
  });

  it('counts the bytes that wait', () => {
    const planner = new BatchPlanner(limits);
    planner.add(record(0, 6));
    planner.add(record(1, 6));
    expect(planner.waitingBytes).toBe(120);
    planner.take(0);
    expect(planner.waitingBytes).toBe(60);
  });

  it('closes a batch of records without rows too', () => {
    const planner = new BatchPlanner(limits);
    for (let offset = 0; offset < 10_001; offset += 1) planner.add(record(offset, 0));
    expect(planner.take(0)?.range).toEqual({ lo: 0, hi: 9999 });
  });
});

/** A topic partition, a group's commit, and a table that stores a token once: all that survives a crash. */
class World {
  committed = { offset: 0, metadata: '' };
  readonly stored = new Map<string, readonly number[]>();
  readonly log: readonly number[];

  constructor(log: readonly number[]) {
    this.log = log;
  }

  insert(token: string, offsets: readonly number[]): void {
    const before = this.stored.get(token);
    if (before) expect(offsets).toEqual(before);
    else this.stored.set(token, offsets);
  }
}

type Step = { readonly deliver: number; readonly passMs: number; readonly crashAfter: 0 | 1 | 2 | 3 | null };

/** One life of a sink, as PartitionSink lives it: announce, insert, commit past. false: it crashed. */
function live(world: World, steps: Iterator<Step>): boolean {
  const { offset, metadata } = world.committed;
  const planner = new BatchPlanner<PlannedRecord>(limits, readRange(metadata, offset));
  let next = offset;
  let now = 0;
  while (world.committed.offset < world.log.length || world.committed.metadata !== '') {
    const step = steps.next().value ?? { deliver: 3, passMs: 60, crashAfter: null };
    for (let count = 0; count < step.deliver && next < world.log.length; count += 1, next += 1) {
      planner.add(record(next, world.log[next], now));
    }
    now += step.passMs;
    const batch = planner.take(now);
    if (step.crashAfter === 0) return false;
    if (!batch) continue;
    if (!batch.isRepeat) world.committed = { offset: batch.range.lo, metadata: writeRange(batch.range) };
    if (step.crashAfter === 1) return false;
    world.insert(insertToken('t', 0, batch.range), offsetsOf(batch.records));
    if (step.crashAfter === 2) return false;
    world.committed = { offset: batch.range.hi + 1, metadata: '' };
    if (step.crashAfter === 3) return false;
  }
  return true;
}

describe('planner, announcements and tokens together', () => {
  it('store every record under exactly one token, wherever the sink crashes', () => {
    const step = fc.record({
      deliver: fc.nat(8),
      passMs: fc.nat(150),
      crashAfter: fc.constantFrom<Step['crashAfter'][]>(0, 1, 2, 3, null, null, null),
    });
    fc.assert(
      fc.property(fc.array(fc.nat(7), { maxLength: 60 }), fc.array(step, { maxLength: 60 }), (log, script) => {
        const world = new World(log);
        const steps = script[Symbol.iterator]();
        while (!live(world, steps));
        const stored = [...world.stored.values()].flat();
        expect(stored.toSorted((a, b) => a - b)).toEqual(log.map((_, offset) => offset));
      }),
      { numRuns: 1000 },
    );
  });
});
