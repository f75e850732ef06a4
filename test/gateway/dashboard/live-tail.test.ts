import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createEventParser, type ServerEvent } from '../../../gateway/dashboard/app/lib/event-parser.ts';
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

describe('server-sent events', () => {
  const text = 'retry: 1000\n\n: still here\n\nid: 1\nevent: attempt\ndata: {"n":1}\n\nevent: end\ndata: {"n":2}\n\n';

  it('are read however the pieces are cut', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(text.length)), (cuts) => {
        const events: ServerEvent[] = [];
        const parse = createEventParser((event) => events.push(event));
        const ends = [...cuts.sort((a, b) => a - b), text.length];
        for (const [index, end] of ends.entries()) parse(text.slice(ends[index - 1] ?? 0, end));
        expect(events).toEqual([
          { name: 'attempt', data: { n: 1 } },
          { name: 'end', data: { n: 2 } },
        ]);
      }),
    );
  });

  it('that hold no JSON are passed over', () => {
    const events: ServerEvent[] = [];
    createEventParser((event) => events.push(event))('data: {oops\n\ndata: 3\n\n');
    expect(events).toEqual([{ name: 'message', data: 3 }]);
  });
});
