import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { controlRecordSchema } from '../../../schemas/generated/control-record.ts';
import { uploadTaskSchema } from '../../../schemas/generated/upload-task.ts';
import { validatePayload } from '../../../schemas/payload/validate-payload.ts';
import type { RecordSchema } from '../../../schemas/record-schema.ts';

const schemaOf = (type: unknown, extra = {}): RecordSchema<unknown> => ({
  name: 'R',
  avro: { type: 'record', name: 'R', fields: [{ name: 'v', type, ...extra }] },
});

/** The value that comes out for `v`, or the complaints. */
function check(type: unknown, v: unknown): unknown {
  const result = validatePayload(schemaOf(type), { v });
  return result.ok ? Object.values(result.value as object)[0] : result.errors.map((e) => `${e.pointer} ${e.message}`);
}

describe('values', () => {
  const fixed = { type: 'fixed', name: 'F', size: 2 };
  const fits: [unknown, unknown, unknown?][] = [
    ['null', null],
    ['boolean', false],
    ['int', -2_147_483_648],
    ['int', 2_147_483_647],
    ['long', Number.MAX_SAFE_INTEGER - 1],
    ['float', 3.4e38],
    ['double', 1e308],
    ['string', ''],
    ['bytes', 'aÿ', Buffer.from([0x61, 0xff])],
    ['bytes', Buffer.from('x')],
    [fixed, 'ab', Buffer.from('ab')],
    [{ type: 'enum', name: 'E', symbols: ['A'] }, 'A'],
    [{ type: 'array', items: 'int' }, [1, 2]],
    [
      { type: 'map', values: 'int' },
      { a: 1, constructor: 2 },
    ],
    [['null', 'string'], null],
    [['null', 'string'], 'x'],
    [['string', { type: 'array', items: 'int' }, 'int'], [1]],
    [['string', { type: 'array', items: 'int' }, 'int'], 5],
    [{ type: 'long', logicalType: 'timestamp-millis' }, 5],
  ];
  it.each(fits)('%j takes %j', (type, value, out = value) => {
    expect(check(type, value)).toEqual(out);
  });

  const refused: [unknown, unknown, string][] = [
    ['int', 2_147_483_648, '/v must be an integer of 32 bits'],
    ['int', 1.5, '/v must be an integer of 32 bits'],
    ['int', '1', '/v must be an integer of 32 bits'],
    ['long', 2 ** 53, '/v must be an integer within ±(2^53 − 2)'],
    ['float', 1e39, '/v must be a number of 32 bits'],
    ['double', Number.NaN, '/v must be a number'],
    ['boolean', 0, '/v must be true or false'],
    ['string', null, '/v must be a string'],
    ['bytes', 'Ā', '/v must be bytes: a string of characters up to U+00FF'],
    [fixed, 'abc', '/v must be 2 bytes: a string of characters up to U+00FF'],
    [{ type: 'enum', name: 'E', symbols: ['A', 'B'] }, 'constructor', '/v must be one of “A”, “B”'],
    [{ type: 'array', items: 'int' }, [1, 'x'], '/v/1 must be an integer of 32 bits'],
    [{ type: 'array', items: 'int' }, { length: 1 }, '/v must be a list'],
    [{ type: 'map', values: 'int' }, { 'a/b~': 'x' }, '/v/a~1b~0 must be an integer of 32 bits'],
    [{ type: 'map', values: 'int' }, JSON.parse('{"__proto__":1}'), '/v may not have the key __proto__'],
    [['null', 'string'], 5, '/v must be a string'],
    [['string', 'int'], true, '/v must be a string, or an integer of 32 bits'],
    [{ type: 'record', name: 'S', fields: [] }, [], '/v must be an object (S)'],
  ];
  it.each(refused)('%j refuses %j', (type, value, complaint) => {
    expect(check(type, value)).toEqual([complaint]);
  });
});

describe('records', () => {
  it('fill in defaults, each time anew', () => {
    const given = { kind: 'pause', pipeline: 'p', at: 1 };
    const first = validatePayload(controlRecordSchema, given);
    const second = validatePayload(controlRecordSchema, given);
    expect(first).toEqual({
      ok: true,
      value: { ...given, stage: '', by: '', limits: null, taskIds: [], positions: [], attrs: {} },
    });
    if (first.ok && second.ok) expect(first.value.attrs).not.toBe(second.value.attrs);
  });

  it('take a default that is bytes or a record', () => {
    const bytes = validatePayload(schemaOf('bytes', { default: 'ÿ' }), {});
    expect(bytes).toEqual({ ok: true, value: { v: Buffer.from([0xff]) } });
    const inner = { type: 'record', name: 'S', fields: [{ name: 'n', type: 'int', default: 2 }] };
    expect(validatePayload(schemaOf(inner, { default: {} }), {})).toEqual({ ok: true, value: { v: { n: 2 } } });
  });

  it('name every missing and wrong field, nested ones too', () => {
    const result = validatePayload(uploadTaskSchema, { source: 's', blob: { key: 'k', sizeBytes: '1', sha256: 'h' } });
    expect(result).toEqual({
      ok: false,
      errors: [
        { pointer: '/name', message: 'is missing' },
        { pointer: '/blob/sizeBytes', message: 'must be an integer within ±(2^53 − 2)' },
        { pointer: '/blob/contentType', message: 'is missing' },
      ],
    });
  });

  it('do not take fields from the prototype', () => {
    const result = validatePayload(schemaOf({ type: 'map', values: 'int' }), Object.create({ v: {} }));
    expect(result.ok).toBe(false);
  });

  it('leave the given value alone', () => {
    const given = Object.freeze({ v: Object.freeze([1, 2]) });
    expect(validatePayload(schemaOf({ type: 'array', items: 'int' }), given)).toEqual({ ok: true, value: given });
  });

  it('tell at most twenty errors', () => {
    const result = validatePayload(schemaOf({ type: 'array', items: 'int' }), { v: Array(1000).fill('x') });
    expect(result.ok ? 0 : result.errors.length).toBe(20);
  });

  it('that hold themselves end at a limit', () => {
    const chain: RecordSchema<unknown> = {
      name: 'C',
      avro: { type: 'record', name: 'C', fields: [{ name: 'next', type: ['null', 'C'], default: null }] },
    };
    let deep: unknown = {};
    for (let level = 0; level < 50_000; level += 1) deep = { next: deep };
    const result = validatePayload(chain, deep);
    expect(result.ok ? '' : result.errors[0]?.message).toBe('is nested deeper than 100 levels');
  });

  it('take anything without throwing', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        const result = validatePayload(uploadTaskSchema, value);
        if (!result.ok) expect(result.errors.length).toBeGreaterThan(0);
      }),
    );
  });
});
