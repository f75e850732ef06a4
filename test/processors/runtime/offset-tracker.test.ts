import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeFinished, encodeFinished, metadataMaxBytes } from '../../../processors/runtime/finished-offsets.ts';
import { alreadyTaken, OffsetTracker } from '../../../processors/runtime/offset-tracker.ts';

/** The tracker as plain sets: slow and obvious. */
class Model {
  readonly taken = new Set<number>();
  readonly finished: Set<number>;
  readonly base: number;

  constructor(base: number, finished: Iterable<number> = []) {
    this.base = base;
    this.finished = new Set(finished);
  }

  get position(): number {
    const open = [...this.taken].filter((offset) => !this.finished.has(offset));
    if (open.length > 0) return Math.min(...open);
    return this.taken.size === 0 ? this.base : Math.max(...this.taken) + 1;
  }
}

const gapsAndOrder = fc
  .array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 200 })
  .chain((gaps) =>
    fc.tuple(fc.constant(gaps), fc.shuffledSubarray(gaps.map((_, index) => index)), fc.integer({ min: 0, max: 9 })),
  );

/** Offsets from gaps; takes them all, finishes some in the given order. */
function run(gaps: readonly number[], order: readonly number[], base: number) {
  const tracker = new OffsetTracker({ offset: base, metadata: '' });
  const model = new Model(base);
  let offset = base - 1;
  const offsets = gaps.map((gap) => {
    offset += gap;
    return offset;
  });
  const tickets = offsets.map((each) => tracker.take(each));
  for (const each of offsets) model.taken.add(each);
  const positions: [number, number][] = [];
  for (const index of order) {
    tracker.finish(tickets[index] ?? Number.NaN);
    model.finished.add(offsets[index] ?? Number.NaN);
    positions.push([tracker.position, model.position]);
  }
  return { tracker, model, offsets, positions };
}

describe('offset tracker', () => {
  it('stands where the model stands after each finish, whatever the gaps and the order', () => {
    fc.assert(
      fc.property(gapsAndOrder, ([gaps, order, base]) => {
        for (const [actual, expected] of run(gaps, order, base).positions) expect(actual).toBe(expected);
      }),
    );
  });

  it('after a crash runs again exactly what was not finished', () => {
    fc.assert(
      fc.property(gapsAndOrder, ([gaps, order, base]) => {
        const { tracker, model, offsets } = run(gaps, order, base);
        const metadata = tracker.metadata();
        expect(metadata.length).toBeLessThanOrEqual(metadataMaxBytes);
        const next = new OffsetTracker({ offset: tracker.position, metadata });
        const refetched = offsets.filter((offset) => offset >= tracker.position);
        const again = refetched.filter((offset) => next.take(offset) !== alreadyTaken);
        expect(again).toEqual(offsets.filter((offset) => !model.finished.has(offset)));
      }),
    );
  });

  it('carries what it was told over a second crash before the refetch came', () => {
    const first = new OffsetTracker({ offset: 10, metadata: '' });
    const tickets = [10, 11, 12, 13, 14].map((offset) => first.take(offset));
    first.finish(tickets[2] ?? -1);
    first.finish(tickets[4] ?? -1);
    const second = new OffsetTracker({ offset: first.position, metadata: first.metadata() });
    expect(second.take(10)).not.toBe(alreadyTaken);
    const third = new OffsetTracker({ offset: second.position, metadata: second.metadata() });
    const again = [10, 11, 12, 13, 14, 15].filter((offset) => third.take(offset) !== alreadyTaken);
    expect(again).toEqual([10, 11, 13, 15]);
  });

  it('moves on over restored offsets that lead', () => {
    const tracker = new OffsetTracker({ offset: 5, metadata: encodeFinished([{ start: 0, end: 3 }]) });
    for (const offset of [5, 6, 7]) expect(tracker.take(offset)).toBe(alreadyTaken);
    expect(tracker.position).toBe(8);
  });

  it('takes an offset that is in flight or finished for a repeat', () => {
    const tracker = new OffsetTracker(null);
    const ticket = tracker.take(0);
    tracker.take(1);
    expect(tracker.take(0)).toBe(alreadyTaken);
    tracker.finish(ticket);
    expect(tracker.take(0)).toBe(alreadyTaken);
    expect(tracker.take(1)).toBe(alreadyTaken);
    expect(tracker.position).toBe(1);
  });

  it('grows and shrinks with what is in flight', () => {
    const tracker = new OffsetTracker(null);
    const tickets = Array.from({ length: 200_000 }, (_, offset) => tracker.take(offset));
    expect(tracker.span).toBe(200_000);
    for (const ticket of tickets.toReversed()) tracker.finish(ticket);
    expect(tracker.position).toBe(200_000);
    expect(tracker.span).toBe(0);
    tracker.finish(tracker.take(200_000));
    expect(tracker.position).toBe(200_001);
  });
});

const runsOf = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 400 }), fc.integer({ min: 1, max: 400 })), { maxLength: 3000 })
  .map((pairs) => {
    let at = 0;
    return pairs.map(([hole, length]) => {
      const start = at + hole;
      at = start + length;
      return { start, end: at };
    });
  });

describe('finished offsets in commit metadata', () => {
  it('reads back what it wrote, or where the limit cut it, a leading part of it', () => {
    fc.assert(
      fc.property(runsOf, (runs) => {
        const text = encodeFinished(runs);
        expect(text.length).toBeLessThanOrEqual(metadataMaxBytes);
        const back = decodeFinished(text);
        const whole = back.slice(0, -1);
        expect(whole).toEqual(runs.slice(0, whole.length));
        const last = back.at(-1);
        if (runs.length < 500) expect(back).toEqual(runs);
        else expect(last?.end).toBeLessThanOrEqual(runs[back.length - 1]?.end ?? -1);
      }),
      { numRuns: 60 },
    );
  });

  it('names thousands of scattered offsets and never passes the limit', () => {
    const runs = Array.from({ length: 100_000 }, (_, index) => ({ start: index * 2 + 1, end: index * 2 + 2 }));
    const text = encodeFinished(runs);
    expect(text.length).toBeLessThanOrEqual(metadataMaxBytes);
    expect(decodeFinished(text).length).toBeGreaterThan(12_000);
  });

  it('says nothing for text that is not ours', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        fc.pre(!/^p1[lb]/.test(text));
        expect(decodeFinished(text)).toEqual([]);
      }),
    );
    fc.assert(
      fc.property(fc.constantFrom('p1l', 'p1b'), fc.string(), (prefix, rest) => {
        for (const run of decodeFinished(prefix + rest)) expect(run.end).toBeGreaterThan(run.start);
      }),
    );
  });
});
