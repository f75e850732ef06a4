import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BatchPlanner, type Flight, type PlannerLimits, type Waiting } from '../../topics/producer/batch-planner.ts';

interface Item extends Waiting {
  readonly id: number;
}

const item = (id: number, bytes = 10, queuedAtMs = 0): Item => ({
  id,
  bytes,
  queuedAtMs,
  key: null,
  value: null,
  headers: undefined,
  timestampMs: undefined,
});

const planner = (overrides: Partial<PlannerLimits> = {}): BatchPlanner<Item> =>
  new BatchPlanner({ lingerMs: 3, maxRecords: 10, maxBytes: 1000, ...overrides });

const idsOf = (flight: Flight<Item> | undefined): number[][] =>
  (flight ?? []).map(({ records }) => records.map(({ id }) => id));

describe('BatchPlanner', () => {
  it('waits for company until the linger is over', () => {
    const plan = planner();
    plan.add('t', 0, item(1));
    expect(plan.next(2, false)).toBeUndefined();
    expect(plan.wakeAtMs()).toBe(3);
    expect(idsOf(plan.next(3, false))).toEqual([[1]]);
  });

  it('goes at once when there are enough records, enough bytes, or when flushing', () => {
    const many = planner();
    for (let id = 0; id < 12; id += 1) many.add('t', id % 2, item(id));
    expect(idsOf(many.next(0, false)).flat()).toHaveLength(10);
    const heavy = planner();
    heavy.add('t', 0, item(1, 600));
    expect(heavy.next(0, false)).toBeUndefined();
    heavy.add('t', 1, item(2, 600));
    expect(idsOf(heavy.next(0, false))).toEqual([[1]]);
    const flushed = planner();
    flushed.add('t', 0, item(1));
    expect(idsOf(flushed.next(0, true))).toEqual([[1]]);
  });

  it('never lets a partition fly twice at a time, while others fly', () => {
    const plan = planner();
    plan.add('t', 0, item(1));
    const first = plan.next(3, false);
    plan.add('t', 0, item(2));
    plan.add('t', 1, item(3));
    expect(idsOf(plan.next(9, false))).toEqual([[3]]);
    expect(plan.next(9, true)).toBeUndefined();
    for (const part of first ?? []) plan.written(part);
    expect(idsOf(plan.next(9, false))).toEqual([[2]]);
  });

  it('lets a partition fly more than once where its order does not matter, but not while it is in trouble', () => {
    const plan = planner({ maxFlightsPerPartition: 2 });
    plan.add('t', 0, item(1));
    const [first] = plan.next(3, false) ?? [];
    plan.add('t', 0, item(2));
    const [second] = plan.next(3, false) ?? [];
    plan.add('t', 0, item(3));
    expect([first?.records, second?.records].map((records) => records?.map(({ id }) => id))).toEqual([[1], [2]]);
    expect(plan.next(9, true)).toBeUndefined();
    if (first) plan.isolate(first, first.records, false);
    expect(plan.next(9, true)).toBeUndefined();
    if (second) plan.dropped(second);
    expect(idsOf(plan.next(9, true))).toEqual([[1]]);
    expect(plan.next(9, true)).toBeUndefined();
  });

  it('sends a record larger than a flight on its own', () => {
    const plan = planner();
    plan.add('t', 0, item(1, 5000));
    plan.add('t', 0, item(2));
    plan.add('t', 1, item(3));
    expect(idsOf(plan.next(3, false))).toEqual([[1]]);
    expect(idsOf(plan.next(3, false))).toEqual([[3]]);
  });

  it('puts what failed ahead of what came later, after its pause', () => {
    const plan = planner();
    plan.add('t', 0, item(1));
    const [part] = plan.next(3, false) ?? [];
    plan.add('t', 0, item(2));
    if (part) plan.retry(part, part.records, 50);
    expect(plan.next(49, true)).toBeUndefined();
    expect(plan.wakeAtMs()).toBe(50);
    expect(idsOf(plan.next(50, false))).toEqual([[1, 2]]);
  });

  it('halves a batch that is too large until one record stands alone, then grows back', () => {
    const plan = planner();
    for (let id = 0; id < 8; id += 1) plan.add('t', 0, item(id));
    const sizes: number[] = [];
    for (let round = 0; round < 40 && !plan.isEmpty; round += 1) {
      for (const part of plan.next(9, true) ?? []) {
        sizes.push(part.records.length);
        const bad = part.records.some(({ id }) => id === 5);
        if (!bad) plan.written(part);
        else if (part.records.length > 1) plan.isolate(part, part.records, false);
        else plan.dropped(part);
      }
    }
    expect(plan.isEmpty).toBe(true);
    expect(sizes.slice(0, 3)).toEqual([8, 4, 4]);
    expect(sizes).toContain(1);
  });

  it('separates the partitions of a flight whose error may be another’s', () => {
    const plan = planner();
    plan.add('t', 0, item(1));
    plan.add('t', 1, item(2));
    const flight = plan.next(3, false) ?? [];
    expect(flight).toHaveLength(2);
    for (const part of flight) plan.isolate(part, part.records, true);
    expect(idsOf(plan.next(3, false))).toEqual([[1]]);
    expect(idsOf(plan.next(3, false))).toEqual([[2]]);
  });

  it('gives back the bytes of what is discarded', () => {
    const plan = planner();
    plan.add('t', 0, item(1, 7));
    plan.add('t', 0, item(2, 9));
    expect(plan.discard(({ id }) => id === 1)).toBe(7);
    expect(idsOf(plan.next(9, true))).toEqual([[2]]);
  });

  it('keeps order, loses and doubles nothing, whatever fails (property)', () => {
    const actions = fc.array(
      fc.record({
        partition: fc.nat(2),
        records: fc.integer({ min: 0, max: 7 }),
        bytes: fc.constantFrom(1, 100, 400, 1500),
        outcome: fc.constantFrom('written', 'retry', 'isolate', 'hold'),
      }),
      { maxLength: 60 },
    );
    fc.assert(fc.property(actions, checkOrder), { numRuns: 300 });
  });
});

type Action = { partition: number; records: number; bytes: number; outcome: string };

function checkOrder(actions: readonly Action[]): void {
  const plan = planner({ maxRecords: 8 });
  const written = new Map<number, number[]>();
  const held: Flight<Item>[] = [];
  let id = 0;
  const land = (flight: Flight<Item>, outcome: string): void => {
    for (const part of flight) {
      expect(part.records.length).toBeLessThanOrEqual(8);
      if (outcome === 'retry') plan.retry(part, part.records, 0);
      else if (outcome === 'isolate') plan.isolate(part, part.records, flight.length > 1);
      else {
        const done = written.get(part.partition) ?? [];
        written.set(part.partition, [...done, ...part.records.map((record) => record.id)]);
        plan.written(part);
      }
    }
  };
  for (const { partition, records, bytes, outcome } of actions) {
    for (let count = 0; count < records; count += 1) plan.add('t', partition, item(id++, bytes));
    const flight = plan.next(99, false);
    const inAir = new Set(held.flat().map((part) => part.partition));
    for (const part of flight ?? []) expect(inAir.has(part.partition)).toBe(false);
    if (flight && outcome === 'hold') held.push(flight);
    else if (flight) land(flight, outcome);
    if (outcome === 'written') for (const late of held.splice(0)) land(late, 'written');
  }
  for (const late of held) land(late, 'retry');
  for (let flight = plan.next(99, true); flight; flight = plan.next(99, true)) land(flight, 'written');
  expect(plan.isEmpty).toBe(true);
  const all = [...written.values()];
  for (const ids of all) expect(ids).toEqual([...ids].sort((a, b) => a - b));
  expect(all.flat()).toHaveLength(id);
  expect(new Set(all.flat()).size).toBe(id);
}
