import { describe, expect, expectTypeOf, it } from 'vitest';
import { avroSchema } from '../../schemas/avro-schema.ts';
import { validatePayload } from '../../schemas/payload/validate-payload.ts';
import type { RecordSchema } from '../../schemas/record-schema.ts';

const order = avroSchema({
  type: 'record',
  name: 'Order',
  namespace: 'shop',
  fields: [
    { name: 'id', type: 'string', doc: 'Id.' },
    { name: 'paid', type: 'boolean' },
    { name: 'cents', type: 'long' },
    { name: 'weightKg', type: ['null', 'double'], default: null },
    { name: 'state', type: { type: 'enum', name: 'State', symbols: ['open', 'sent'] } },
    { name: 'photo', type: 'bytes' },
    { name: 'digest', type: { type: 'fixed', name: 'Digest', size: 2 } },
    { name: 'tags', type: { type: 'array', items: ['string', 'int'] } },
    { name: 'notes', type: { type: 'map', values: 'string' } },
    {
      name: 'lines',
      type: {
        type: 'array',
        items: { type: 'record', name: 'Line', fields: [{ name: 'sku', type: { type: 'string' } }] },
      },
    },
    { name: 'gift', type: ['null', 'Line'], default: null },
    { name: 'parent', type: ['null', 'shop.Order'], default: null },
  ],
});

type ValueIn<S> = S extends RecordSchema<infer T> ? T : never;
type Order = ValueIn<typeof order>;

describe('avroSchema', () => {
  it('infers the type of every kind of field', () => {
    expectTypeOf<Order['id']>().toEqualTypeOf<string>();
    expectTypeOf<Order['paid']>().toEqualTypeOf<boolean>();
    expectTypeOf<Order['cents']>().toEqualTypeOf<number>();
    expectTypeOf<Order['weightKg']>().toEqualTypeOf<number | null>();
    expectTypeOf<Order['state']>().toEqualTypeOf<'open' | 'sent'>();
    expectTypeOf<Order['photo']>().toEqualTypeOf<Buffer>();
    expectTypeOf<Order['digest']>().toEqualTypeOf<Buffer>();
    expectTypeOf<Order['tags']>().toEqualTypeOf<readonly (string | number)[]>();
    expectTypeOf<Order['notes']>().toEqualTypeOf<{ readonly [key: string]: string }>();
    expectTypeOf<Order['lines']>().toEqualTypeOf<readonly { readonly sku: string }[]>();
    expectTypeOf<Order['gift']>().toEqualTypeOf<{ readonly sku: string } | null>();
    expectTypeOf<NonNullable<Order['parent']>['cents']>().toEqualTypeOf<number>();
    expectTypeOf<keyof Order>().toEqualTypeOf<
      | 'id'
      | 'paid'
      | 'cents'
      | 'weightKg'
      | 'state'
      | 'photo'
      | 'digest'
      | 'tags'
      | 'notes'
      | 'lines'
      | 'gift'
      | 'parent'
    >();
  });

  it('carries the full name and leaves the literal as it is', () => {
    expect(order.name).toBe('shop.Order');
    const literal = { type: 'record', name: 'a.B', fields: [{ name: 'x', type: 'int' }] } as const;
    expect(avroSchema(literal)).toEqual({ name: 'a.B', avro: literal });
  });

  it('serves validation', () => {
    const small = avroSchema({ type: 'record', name: 'S', fields: [{ name: 'x', type: 'int', default: 3 }] });
    const result = validatePayload(small, {});
    expect(result).toEqual({ ok: true, value: { x: 3 } });
    if (result.ok) expectTypeOf(result.value.x).toEqualTypeOf<number>();
  });

  const wrong: [string, Parameters<typeof avroSchema>[0]['fields'], RegExp][] = [
    ['an unknown type', [{ name: 'x', type: 'strnig' }], /“strnig” is not defined/],
    ['a union of look-alikes', [{ name: 'x', type: ['int', 'double'] }], /int and double.*told apart/],
    ['a default of another type', [{ name: 'x', type: 'int', default: 'a' }], /default of R.x must be an integer/],
    ['a default of a later branch', [{ name: 'x', type: ['null', 'int'], default: 3 }], /R.x must be null/],
    [
      'two fields of one name',
      [
        { name: 'x', type: 'int' },
        { name: 'x', type: 'int' },
      ],
      /two fields/,
    ],
    ['the field name __proto__', [{ name: '__proto__', type: 'int' }], /without a valid name/],
    ['an empty union', [{ name: 'x', type: [] }], /at least one branch/],
    ['a union in a union', [{ name: 'x', type: ['null', ['null', 'int']] }], /may not hold a union/],
  ];
  it.each(wrong)('refuses %s', (_name, fields, reason) => {
    expect(() => avroSchema({ type: 'record', name: 'R', fields })).toThrow(reason);
  });
});
