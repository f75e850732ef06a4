import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { csvOf } from '../../../gateway/dashboard/app/lib/csv.ts';

describe('an export as CSV', () => {
  it('quotes what needs it and leaves figures alone', () => {
    const rows = [{ id: 'a "b", c\nd', n: -3, at: null }];
    expect(csvOf(['id', 'n', 'at'], rows)).toBe('id,n,at\r\n"a ""b"", c\nd",-3,\r\n');
  });

  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '＝1', ' =cmd|"/c calc"!A0', '\n=1'])(
    'lets no spreadsheet run %j',
    (id) => {
      const line = csvOf(['id'], [{ id }]).slice('id\r\n'.length);
      expect(line.replace(/^"/, '').startsWith("'")).toBe(true);
    },
  );

  it('has every text whole, whatever it holds', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (id) => {
        const cell = csvOf(['id'], [{ id }]).slice('id\r\n'.length, -2);
        const plain = cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell;
        expect([id, `'${id}`]).toContain(plain);
      }),
    );
  });
});
