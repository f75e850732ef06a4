import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { columnNames } from '../../../../processors/stages/convert/column-names.ts';
import { type ColumnType, widen } from '../../../../processors/stages/convert/column-type.ts';
import { cellValue, observeCell } from '../../../../processors/stages/convert/text-cell.ts';

const kindOf = (cells: readonly string[]): string => {
  const type = cells.reduce<ColumnType>((known, cell) => {
    const seen = observeCell(cell);
    return seen === undefined ? known : widen(known, seen);
  }, undefined);
  return type?.kind ?? 'empty';
};

describe('the type of a column', () => {
  it.each([
    [['1', '-2', ''], 'int64'],
    [['9223372036854775807', '-9223372036854775808'], 'int64'],
    [['9223372036854775808'], 'string'],
    [['1', '2.5', '3e8', '.5', '5.'], 'double'],
    [['9007199254740993', '0.5'], 'string'],
    [['0.5', '9007199254740993'], 'string'],
    [['0.123456789012345678'], 'string'],
    [['1e999'], 'string'],
    [['-0'], 'double'],
    [['007'], 'string'],
    [['+1'], 'string'],
    [['1,5'], 'string'],
    [['true', 'FALSE'], 'bool'],
    [['true', '1'], 'string'],
    [['2024-02-29T10:00:00Z', '2024-01-01 10:00+02:00'], 'timestamp'],
    [['2023-02-29T10:00:00Z'], 'string'],
    [['2024-01-01T10:00:00'], 'string'],
    [['2024-01-01'], 'string'],
    [['NaN', '1'], 'string'],
    [['', ''], 'empty'],
  ])('of %j is %s', (cells, kind) => {
    expect(kindOf(cells)).toBe(kind);
  });

  it('does not depend on the order of the rows', () => {
    const cell = fc.constantFrom('', '1', '2.5', '9007199254740993', '007', 'true', '2024-02-29T10:00:00Z', 'x', '1e5');
    fc.assert(
      fc.property(fc.array(cell), (cells) => {
        expect(kindOf([...cells].reverse())).toBe(kindOf(cells));
      }),
    );
  });

  it('never loses a number', () => {
    const number = fc.oneof(fc.bigInt().map(String), fc.integer().map(String), fc.double({ noNaN: true }).map(String));
    fc.assert(
      fc.property(fc.array(number, { minLength: 1 }), (cells) => {
        const kind = kindOf(cells);
        if (kind !== 'int64' && kind !== 'double' && kind !== 'string') throw new Error(`unexpected ${kind}`);
        for (const cell of cells) {
          const value = cellValue(cell, kind);
          const same = typeof value === 'number' ? Object.is(value, Number(cell)) : String(value) === cell;
          expect(same, `${cell} became ${String(value)}`).toBe(true);
          if (typeof value === 'number' && /^-?\d+$/.test(cell) && cell !== '-0')
            expect(BigInt(value)).toBe(BigInt(cell));
        }
      }),
    );
  });
});

describe('columnNames', () => {
  it('gives as many names as there are columns, none empty, none twice, none dangerous', () => {
    const raw = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('', 'a', 'a_2', '__proto__', '\n', '\ud800'));
    fc.assert(
      fc.property(fc.array(raw), (texts) => {
        const names = columnNames(texts);
        expect(new Set(names).size).toBe(texts.length);
        for (const name of names) {
          expect(name).not.toBe('');
          expect(name).not.toBe('__proto__');
          expect(name).not.toMatch(/\p{Cc}|\p{Surrogate}/u);
        }
      }),
    );
  });

  it('is quick with ten thousand equal headers', () => {
    expect(columnNames(Array<string>(10_000).fill('a')).at(-1)).toBe('a_10000');
  });
});
