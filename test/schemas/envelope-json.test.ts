import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { writeEnvelope } from '../../schemas/envelope.ts';

const text = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.constantFrom('"', '\\', '\u0000', '\ud800', '“'));
const number = fc.oneof(fc.integer({ min: 2 }), fc.double());

describe('the JSON of an envelope', () => {
  it('is what JSON.stringify makes, for any text and number', () => {
    const envelope = fc.record(
      {
        id: text,
        source: text,
        at: number,
        attempt: number,
        notBefore: number,
        expiresAt: number,
        parent: text,
        tenant: text,
        trace: text,
        replay: text,
      },
      { requiredKeys: ['id'] },
    );
    fc.assert(
      fc.property(envelope, (each) => {
        fc.pre(each.attempt !== 1);
        const { id, source, at, attempt, notBefore, expiresAt, parent, tenant, trace, replay } = each;
        const inOrder = { id, source, at, attempt, notBefore, expiresAt, parent, tenant, trace, replay };
        expect(JSON.parse(writeEnvelope(each))).toEqual(JSON.parse(JSON.stringify(inOrder)));
      }),
    );
  });

  it('leaves out the first attempt', () => {
    expect(writeEnvelope({ id: 'a', attempt: 1 })).toBe('{"id":"a"}');
  });
});
