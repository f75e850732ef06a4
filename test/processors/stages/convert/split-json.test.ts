import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createExactJson } from '../../../../processors/stages/convert/exact-json.ts';
import { createJsonSplitter } from '../../../../processors/stages/convert/split-json.ts';
import { PenstockError } from '../../../../schemas/errors.ts';

function split(text: string, cuts: readonly number[] = [], maxValueBytes = 1_000_000): string[] {
  const values: string[] = [];
  const splitter = createJsonSplitter({ maxValueBytes, maxDepth: 100, onValue: (value) => values.push(value) });
  const bytes = Buffer.from(text);
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  for (let index = 1; index < places.length; index += 1) {
    splitter.write(bytes.subarray(places[index - 1], places[index]));
  }
  splitter.end();
  return values;
}

const rows = fc.array(fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue()), { minLength: 1 });
const cuts = fc.array(fc.nat());
const spacing = fc.constantFrom(0, 2, '\t');

describe('the JSON splitter', () => {
  it('cuts an array where JSON.parse would, however the bytes arrive', () => {
    fc.assert(
      fc.property(rows, cuts, spacing, (list, places, space) => {
        const values = split(JSON.stringify(list, null, space), places);
        expect(values.map((value) => JSON.parse(value))).toEqual(JSON.parse(JSON.stringify(list)));
      }),
    );
  });

  it('cuts objects one after another', () => {
    fc.assert(
      fc.property(rows, cuts, spacing, (list, places, space) => {
        const values = split(list.map((row) => JSON.stringify(row, null, space)).join('\r\n'), places);
        expect(values.map((value) => JSON.parse(value))).toEqual(JSON.parse(JSON.stringify(list)));
      }),
    );
  });

  it('notices every cut-off end of an array', () => {
    fc.assert(
      fc.property(rows, fc.nat(), (list, place) => {
        const text = JSON.stringify(list);
        const bytes = Buffer.from(text);
        const cut = bytes.subarray(0, 1 + (place % (bytes.length - 1))).toString('latin1');
        expect(() => split(cut)).toThrow(PenstockError);
      }),
    );
  });

  it.each(['[1,]', '[,1]', '[1,,2]', '[1]]', '[1}', '[]x', '{"a":1},{"a":2}', '}', ']'])('refuses %s', (text) => {
    expect(() => split(text)).toThrow(PenstockError);
  });

  it.each([
    ['[]', []],
    [' [ 1 , "a,]" , true ] ', ['1 ', '"a,]" ', 'true ']],
    ['[[1],{"a":"\\"}"}]', ['[1]', '{"a":"\\"}"}']],
  ])('takes %s', (text, values) => {
    expect(split(text)).toEqual(values);
  });

  it('bounds one value', () => {
    expect(() => split(`[1,"${'x'.repeat(200)}"]`, [], 100)).toThrow('larger than 100 bytes');
  });
});

describe('exact JSON', () => {
  it('reads and writes as JSON does, but for wide integers, which it keeps', () => {
    const json = createExactJson();
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        expect(JSON.parse(json.stringify(json.parse(text)))).toEqual(JSON.parse(text));
      }),
    );
    fc.assert(
      fc.property(fc.bigInt(), (wide) => {
        const text = `{"a":[${wide},1.1234567890123456789,"${wide}"],"b":${wide}}`;
        const written = json.stringify(json.parse(text));
        expect(written).toContain(`"b":${wide}`);
        expect(written).toContain(`"${wide}"]`);
        expect(JSON.parse(written)).toEqual(JSON.parse(text));
      }),
    );
  });
});
