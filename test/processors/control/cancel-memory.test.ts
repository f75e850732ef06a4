import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CancelMemory } from '../../../processors/control/cancel-memory.ts';

const order = (taskIds: readonly string[], at: number, scope: { pipeline?: string; tenant?: string } = {}) => ({
  ...{ taskIds, at, pipeline: '', tenant: '', by: '' },
  ...scope,
});

const id = fc.constantFrom('a', 'b', 'c', 'd');
const pipeline = fc.constantFrom('p', 'q');
const tenant = fc.constantFrom('t', 'u');
const step = fc.oneof(
  fc.record({
    kind: fc.constant('order' as const),
    ids: fc.array(id, { minLength: 1, maxLength: 3 }),
    ageMs: fc.integer({ min: -20, max: 120 }),
    pipeline: fc.option(pipeline, { nil: '' }),
    tenant: fc.option(tenant, { nil: '' }),
  }),
  fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 0, max: 60 }) }),
);

const windowMs = 100;

describe('what is cancelled', () => {
  it('is what an order of the window names, in its scope, and nothing else', () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 30 }),
        id,
        pipeline,
        fc.option(tenant, { nil: undefined }),
        (...drawn) => {
          const [steps, asked, inPipeline, ofTenant] = drawn;
          let now = 1_000;
          const memory = new CancelMemory({ now: () => now, windowMs });
          const orders: { ids: string[]; at: number; pipeline: string; tenant: string }[] = [];
          for (const each of steps) {
            if (each.kind === 'pass') now += each.ms;
            else {
              memory.add(order(each.ids, now - each.ageMs, each));
              orders.push({ ...each, at: Math.min(now, now - each.ageMs) });
            }
          }
          const due = orders.some(
            (one) =>
              one.ids.includes(asked) &&
              one.at + windowMs > now &&
              (one.pipeline === '' || one.pipeline === inPipeline) &&
              (one.tenant === '' || one.tenant === ofTenant),
          );
          const envelope = { id: asked, ...(ofTenant === undefined ? {} : { tenant: ofTenant }) };
          expect(memory.covers(envelope, inPipeline)).toBe(due);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('takes in children by their parent and by their first ancestor', () => {
    const memory = new CancelMemory();
    memory.add(order(['root'], Date.now()));
    expect(memory.covers({ id: 'x', parent: 'root' }, 'p')).toBe(true);
    expect(memory.covers({ id: 'x', parent: 'y', root: 'root' }, 'p')).toBe(true);
    expect(memory.covers({ id: 'x', parent: 'y' }, 'p')).toBe(false);
  });
});

describe('its memory', () => {
  it('is empty once the window is over', () => {
    let now = 0;
    const memory = new CancelMemory({ now: () => now, windowMs });
    for (let n = 0; n < 50; n++) memory.add(order([`t${n}`], now++));
    expect(memory.size).toBe(50);
    now = 1_000;
    expect(memory.covers({ id: 't49' }, 'p')).toBe(false);
    expect(memory.size).toBe(0);
    expect(memory.dropped).toBe(0);
  });

  it('never holds more than it may, and forgets the oldest first', () => {
    const memory = new CancelMemory({ maxIds: 10 });
    for (let n = 0; n < 1_000; n++) memory.add(order([`t${n}`], Date.now()));
    expect(memory.size).toBe(10);
    expect(memory.dropped).toBe(990);
    expect(memory.covers({ id: 't999' }, 'p')).toBe(true);
    expect(memory.covers({ id: 't989' }, 'p')).toBe(false);
  });

  it('does not grow with orders for one id', () => {
    const memory = new CancelMemory();
    for (let n = 0; n < 1_000; n++) memory.add(order(['one'], Date.now(), { tenant: `t${n}` }));
    expect(memory.size).toBe(1);
    expect(memory.covers({ id: 'one', tenant: 't999' }, 'p')).toBe(true);
    expect(memory.covers({ id: 'one', tenant: 't0' }, 'p')).toBe(false);
  });

  it('takes no order that is too old', () => {
    const memory = new CancelMemory({ now: () => 10_000, windowMs });
    expect(memory.add(order(['a'], 9_900))).toBe(false);
    expect(memory.size).toBe(0);
  });
});
