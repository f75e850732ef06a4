import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { insertToken, readRange, writeRange } from '../../../processors/sinks/range-metadata.ts';

describe('the range in the commit metadata', () => {
  it('comes back as it was written', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), (lo, length) => {
        const range = { lo, hi: lo + length };
        expect(readRange(writeRange(range), lo)).toEqual(range);
      }),
    );
  });

  it('counts only at the offset it was committed with: an operator may have moved it', () => {
    expect(readRange(writeRange({ lo: 5, hi: 9 }), 0)).toBeUndefined();
  });

  it.each(['', '{', 'null', '[]', '{"lo":1}', '{"lo":"1","hi":2}', '{"lo":1,"hi":0}', '{"lo":1,"hi":1.5}', 'kafka'])(
    'is nothing in %j',
    (metadata) => {
      expect(readRange(metadata, 1)).toBeUndefined();
    },
  );

  it('names the insert by its place', () => {
    expect(insertToken('penstock.attempts', 3, { lo: 10, hi: 12 })).toBe('sink:penstock.attempts:3:10-12');
  });
});
