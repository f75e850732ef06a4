import avsc from 'avsc';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAvro } from '../../../schemas/avro-model.ts';
import { compileGuard, minWidth } from '../../../schemas/codec/block-guard.ts';
import { PenstockError } from '../../../schemas/errors.ts';
import type { AvroJson } from '../../../schemas/record-schema.ts';

const record = (...types: unknown[]): AvroJson => ({
  type: 'record',
  name: 'R',
  fields: types.map((type, index) => ({ name: `f${index}`, type })),
});
const list = (items: unknown) => ({ type: 'array', items });
const map = (values: unknown) => ({ type: 'map', values });

/** What the guard says of a body: 'passes' or the code of its error. */
function verdict(avro: AvroJson, body: readonly number[] | Buffer): string {
  const guard = compileGuard(parseAvro(avro));
  if (!guard) return 'no guard';
  try {
    guard(Buffer.from([...body]), 0);
    return 'passes';
  } catch (thrown) {
    if (thrown instanceof PenstockError) return thrown.code;
    throw thrown;
  }
}

const unsafe = 'PIPE_TASK_AVRO_UNSAFE';
const damaged = 'PIPE_TASK_AVRO_DAMAGED';
/** Varint of 2^31: what five bytes can claim. */
const twoBillion = [0x80, 0x80, 0x80, 0x80, 0x10];

describe('bombs', () => {
  const inner = { type: 'record', name: 'Empty', fields: [] };
  const cases: [string, AvroJson, number[], string][] = [
    ['a list of longs', record(list('long')), twoBillion, unsafe],
    ['a list of nulls', record(list('null')), [...twoBillion, 0], unsafe],
    ['a list of empty records', record(list(inner)), [...twoBillion, 0], unsafe],
    ['a map', record(map('string')), twoBillion, unsafe],
    ['a list in a list', record(list(list('null'))), [2, ...twoBillion, 0, 0], unsafe],
    ['a list in a map', record(map(list('null'))), [2, 2, 0x61, ...twoBillion, 0, 0], unsafe],
    ['a list in a union', record(['null', list('null')]), [2, ...twoBillion, 0], unsafe],
    ['a negative count with its size', record(list('null')), [0xff, 0xff, 0xff, 0xff, 0x0f, 0, 0], unsafe],
    ['many small blocks of nulls', record(list('null')), [...Array(40).fill([0xa0, 0x1f]).flat(), 0], unsafe],
    ['a block size that jumps back', record(list('int')), [1, 5, 2, 0], unsafe],
    ['a block size beyond the body', record(list('int')), [1, 20, 2, 0], unsafe],
    ['a block shorter than it says', record(list('int')), [1, 4, 2, 0, 0], unsafe],
    ['a block longer than it says', record(list('string')), [1, 2, 2, 0x61, 0], unsafe],
    ['the map key __proto__', record(map('int')), [2, 18, ...Buffer.from('__proto__'), 2, 0], unsafe],
    ['a list that never ends', record(list('int')), [2, 2], damaged],
    ['a string of negative length in a list', record(list('string')), [2, 1, 0], damaged],
    ['a union branch that does not exist', record(list(['null', 'int'])), [2, 4, 0], damaged],
    ['an integer of eleven bytes', record(list('long')), [2, ...Array(10).fill(0x80), 0, 0], damaged],
    ['bytes left over', record(list('int')), [0, 0], damaged],
    ['nothing', record(list('int')), [], damaged],
  ];
  it.each(cases)('%s', (_name, avro, body, code) => {
    expect(verdict(avro, body)).toBe(code);
  });

  it('records nested without end', () => {
    const chain = record('int', ['null', 'R']);
    const nested = (depth: number) => [...Array(depth).fill([0, 2]).flat(), 0, 0];
    expect(verdict(chain, nested(50))).toBe('passes');
    expect(verdict(chain, nested(100_000))).toBe(unsafe);
  });
});

describe('harmless bodies', () => {
  it('pass in every form of blocks', () => {
    expect(verdict(record(list('int')), [4, 2, 4, 0])).toBe('passes');
    expect(verdict(record(list('int')), [3, 4, 2, 4, 2, 6, 0])).toBe('passes');
    expect(verdict(record(map('int'), list('null')), [2, 2, 0x61, 2, 0, 20, 0])).toBe('passes');
  });

  it('of flat schemas need no guard', () => {
    expect(verdict(record('string', ['null', 'bytes'], { type: 'record', name: 'S', fields: [] }), [])).toBe(
      'no guard',
    );
  });

  it('made by avsc always pass', () => {
    fc.assert(
      fc.property(anySchema, (avro) => {
        const type = avsc.Type.forSchema(structuredClone(avro) as avsc.schema.AvroSchema, { wrapUnions: 'always' });
        expect(verdict(avro, type.toBuffer(type.random()))).toMatch(/^(passes|no guard)$/);
      }),
    );
  });
});

describe('whatever the bytes', () => {
  it('what passes, avsc decodes into a bounded value; what does not is a PenstockError', () => {
    let passed = 0;
    const bytes = fc.array(
      fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 0, max: 4 }) }, fc.integer({ min: 0, max: 255 })),
      {
        maxLength: 40,
      },
    );
    fc.assert(
      fc.property(anySchema, bytes, (avro, noise) => {
        // Most noise is too long or too short: of all its beginnings, the first that passes is looked at.
        const verdicts = noise.map((_, length) => verdict(avro, noise.slice(0, length)));
        for (const said of verdicts) expect(said).toMatch(/^(passes|no guard|PIPE_TASK_AVRO_\w+)$/);
        const length = verdicts.indexOf('passes');
        if (length < 0) return;
        passed += 1;
        const type = avsc.Type.forSchema(structuredClone(avro) as avsc.schema.AvroSchema, { wrapUnions: 'always' });
        const items = sizeOf(decodeOrNothing(type, Buffer.from(noise.slice(0, length))));
        expect(items).toBeLessThanOrEqual(10_000 + 64 * (length + 1));
      }),
      { numRuns: 1000 },
    );
    // Enough that the property says something; 40 to 100 as a rule.
    expect(passed).toBeGreaterThan(10);
  });
});

describe('minWidth', () => {
  it('is the fewest bytes of a value', () => {
    expect(minWidth(parseAvro(record('null', 'int', 'double', 'float', ['null', 'long'])))).toBe(14);
    expect(minWidth(parseAvro({ type: 'fixed', name: 'F', size: 7 }))).toBe(7);
    expect(minWidth(parseAvro(record('boolean', ['null', 'R'])))).toBe(2);
  });

  it('and the guard take no time on schemas whose records are used again and again', () => {
    let type: AvroJson = list('int');
    for (let level = 0; level < 40; level += 1) {
      const name = `L${level}`;
      type = { type: 'record', name, fields: [field('a', type), field('b', level ? `L${level - 1}` : 'int')] };
    }
    expect(compileGuard(parseAvro(type))).toBeTypeOf('function');
  });
});

function field(name: string, type: unknown): unknown {
  return { name, type };
}

/** Enum indices and NaN-long tails may still be refused by avsc itself; only its appetite matters here. */
function decodeOrNothing(type: avsc.Type, body: Buffer): unknown {
  try {
    return type.fromBuffer(body);
  } catch {
    return undefined;
  }
}

function sizeOf(value: unknown): number {
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return 1;
  return Object.values(value).reduce<number>((sum, inner) => sum + sizeOf(inner), 1);
}

/** Schemas of bounded depth with lists, maps and unions; names are made unique at the end. */
const anySchema: fc.Arbitrary<AvroJson> = fc
  .letrec<{ type: unknown }>((tie) => ({
    type: fc.oneof(
      { depthSize: 'medium', withCrossShrink: true },
      fc.constantFrom('null', 'boolean', 'int', 'long', 'float', 'double', 'bytes', 'string'),
      tie('type').map(list),
      tie('type').map(map),
      tie('type').map((inner) => ({ type: 'record', fields: [field('x', inner), field('y', 'int')] })),
      tie('type').map((inner) => (Array.isArray(inner) || inner === 'null' ? inner : ['null', inner])),
      fc.constant({ type: 'enum', symbols: ['A', 'B'] }),
      fc.constant({ type: 'fixed', size: 3 }),
    ),
  }))
  .type.map((type) => nameAll(record(type)));

function nameAll(avro: AvroJson): AvroJson {
  let count = 0;
  const text = JSON.stringify(avro).replaceAll(/"type":"(enum|fixed|record)"(?!,"name")/g, (match) => {
    count += 1;
    return `${match},"name":"N${count}"`;
  });
  return JSON.parse(text);
}
