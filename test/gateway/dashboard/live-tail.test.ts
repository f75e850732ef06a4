import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addToTail, emptyTail, type Tail } from '../../../gateway/dashboard/app/lib/tail.ts';

describe('the live tail', () => {
  it('shows the newest, and says how many were never shown', () => {
    const first = addToTail<number>(emptyTail, [1, 2], 2, 3);
    expect(first).toMatchObject({ seen: 2, skipped: 0 });
    const next = addToTail(first, [6, 7, 8, 9], 7, 3);
    expect(next.items.map(({ item }) => item)).toEqual([9, 8, 7]);
    expect(next).toMatchObject({ seen: 9, skipped: 4 });
  });

  it('gives each of its rows a key of its own', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.array(fc.integer()), fc.nat(5))), (paints) => {
        let tail: Tail<number> = emptyTail;
        for (const [items, more] of paints) tail = addToTail(tail, items, items.length + more, 4);
        expect(new Set(tail.items.map(({ key }) => key)).size).toBe(tail.items.length);
      }),
    );
  });
});
