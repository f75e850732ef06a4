import { describe, expect, it } from 'vitest';
import { fieldsOf, payloadOf } from '../../../gateway/dashboard/app/lib/schema-form.ts';
import { avroSchema } from '../../../schemas/avro-schema.ts';
import { validatePayload } from '../../../schemas/codec.ts';
import { uploadTaskSchema } from '../../../schemas/generated/upload-task.ts';

const schema = avroSchema({
  type: 'record',
  name: 'Order',
  fields: [
    { name: 'id', type: 'string', doc: 'Its number' },
    { name: 'count', type: 'int' },
    { name: 'price', type: ['null', 'double'] },
    { name: 'isGift', type: 'boolean', default: false },
    { name: 'size', type: { type: 'enum', name: 'Size', symbols: ['S', 'M'] } },
    { name: 'other', type: 'Size', default: 'S' },
    { name: 'tags', type: { type: 'array', items: 'string' } },
    {
      name: 'to',
      type: { type: 'record', name: 'Address', fields: [{ name: 'street', type: 'string' }] },
    },
    { name: 'back', type: ['null', 'Address'], default: null },
  ],
});
const fields = fieldsOf(schema.avro);
const filled = new Map([
  ...[['/id', 'a'] as const, ['/count', ' -3 '] as const, ['/isGift', 'true'] as const, ['/size', 'M'] as const],
  ...[['/tags', '["x"]'] as const, ['/to/street', 'High Street'] as const],
]);

describe('a form from a schema', () => {
  it('has a field for each place, of the kind that fits, and says what empty means', () => {
    expect(fields.map(({ pointer, kind, empty }) => `${pointer} ${kind} ${empty}`)).toEqual([
      ...['/id text text', '/count integer missing', '/price number null', '/isGift choice default'],
      ...['/size choice missing', '/other choice default', '/tags json missing', '/to/street text text'],
      '/back json default',
    ]);
    expect(fields[0]?.doc).toBe('Its number');
    expect(fields[5]).toMatchObject({ choices: ['S', 'M'], hint: 'empty: "S"' });
  });

  it('makes a payload that the gateway takes', () => {
    const { payload, problems } = payloadOf(fields, filled);
    expect(problems.size).toBe(0);
    expect(payload).toEqual({
      ...{ id: 'a', count: -3, price: null, isGift: true, size: 'M', tags: ['x'], to: { street: 'High Street' } },
    });
    expect(validatePayload(schema, payload).ok).toBe(true);
  });

  it('says at the field what cannot be sent', () => {
    const texts = new Map([...filled, ['/count', '1.5'], ['/price', 'x'], ['/tags', '[']]);
    texts.delete('/size');
    const { problems } = payloadOf(fields, texts);
    expect([...problems]).toEqual([
      ...[
        ['/count', 'must be a whole number'],
        ['/price', 'must be a number'],
      ],
      ...[
        ['/size', 'is needed'],
        ['/tags', 'must be JSON'],
      ],
    ]);
  });

  it('is made of our own schemas, and nothing of what is none', () => {
    expect(fieldsOf(uploadTaskSchema.avro).map(({ pointer }) => pointer)).toContain('/blob/key');
    for (const nonsense of [null, 'string', [], { fields: 3 }]) expect(fieldsOf(nonsense)).toEqual([]);
  });
});
