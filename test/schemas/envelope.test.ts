import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Envelope,
  type EnvelopeHeaders,
  isPrintable,
  readEnvelope,
  writeEnvelope,
} from '../../schemas/envelope.ts';
import { placeId } from '../../schemas/task-id.ts';

const place = { topic: 'assets.download', partition: 3, offset: 12 };
const recordTimeMs = 1_763_719_200_000;
const placed = placeId(place.topic, place.partition, place.offset);
const trace = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

const read = (headers: EnvelopeHeaders): Envelope => readEnvelope(headers, place, recordTimeMs);
const readOwn = (json: unknown): Envelope => read({ penstock: Buffer.from(JSON.stringify(json)) });

describe('readEnvelope', () => {
  it('with no header makes the id from the place', () => {
    expect(read({})).toEqual({ id: placed, at: recordTimeMs });
  });

  it('takes the header penstock as it is, whatever its form', () => {
    const envelope = {
      id: 'ä 1',
      source: 's',
      at: 5,
      attempt: 2,
      notBefore: 6,
      failedAt: 4,
      expiresAt: 7,
      parent: 'p',
      tenant: 't',
      trace,
      replay: 'r',
    };
    const json = JSON.stringify(envelope);
    expect(read({ penstock: json })).toEqual(envelope);
    expect(read({ penstock: Buffer.from(json) })).toEqual(envelope);
    expect(read({ penstock: [Buffer.from('{"id":"first"}'), Buffer.from(json)] })).toEqual(envelope);
  });

  it('reads CloudEvents and traceparent', () => {
    const headers = {
      ce_id: 'e1',
      ce_source: Buffer.from('/shop'),
      ce_time: '2025-11-21T10:00:00Z',
      traceparent: trace,
    };
    expect(read(headers)).toEqual({ id: 'e1', source: '/shop', at: recordTimeMs, trace });
    expect(read({ ce_time: '2025-11-21T11:00:00.5+01:00' }).at).toBe(recordTimeMs + 500);
    expect(read({ ce_traceparent: trace }).trace).toBe(trace);
  });

  it('prefers penstock field by field', () => {
    const headers = { penstock: '{"id":"mine"}', ce_id: 'theirs', ce_source: '/shop', traceparent: trace };
    expect(read(headers)).toEqual({ id: 'mine', source: '/shop', at: recordTimeMs, trace });
  });

  const hostile: [string, unknown, string][] = [
    ['no string', 42, 'id'],
    ['empty', '', 'id'],
    ['too long', 'x'.repeat(257), 'id'],
    ['with a line break', 'a\nb', 'id'],
    ['with a NUL', 'a\0', 'id'],
    ['with a C1 control', 'a\u0085', 'id'],
    ['with half a surrogate pair', 'a\ud800', 'id'],
    ['an object', {}, 'tenant'],
    ['a list', ['a'], 'source'],
    ['text for a time', '5', 'at'],
    ['negative', -1, 'notBefore'],
    ['fractional', 1.5, 'expiresAt'],
    ['beyond all dates', 1e300, 'expiresAt'],
    ['zero', 0, 'attempt'],
    ['huge', 1e9, 'attempt'],
    ['not W3C', '00-zz', 'trace'],
    ['all zeros', `00-${'0'.repeat(32)}-b7ad6b7169203331-01`, 'trace'],
    ['true', true, 'replay'],
  ];
  it.each(hostile)('treats a value that is %s as absent (%s in %s)', (_name, value, field) => {
    expect(readOwn({ tenant: 'kept', [field]: value })).toEqual({
      id: placed,
      at: recordTimeMs,
      ...(field === 'tenant' ? {} : { tenant: 'kept' }),
    });
  });

  it.each(['', 'null', '[]', '"x"', '{', '{"id":', '\u0000', 'NaN'])('treats the header %j as absent', (header) => {
    expect(read({ penstock: header, ce_id: 'e1' })).toEqual({ id: 'e1', at: recordTimeMs });
  });

  it('does not even parse a megabyte, nor follow prototypes', () => {
    expect(read({ penstock: Buffer.from(JSON.stringify({ id: 'a', pad: 'x'.repeat(1_000_000) })) }).id).toBe(placed);
    const envelope = read({ penstock: '{"__proto__":{"tenant":"evil"},"constructor":{"prototype":{"id":"evil"}}}' });
    expect(envelope.tenant).toBeUndefined();
    expect(envelope.id).toBe(placed);
    expect(Object.prototype).not.toHaveProperty('tenant');
  });

  it('survives a record time that is no time', () => {
    expect(readEnvelope({}, place, Number.NaN)).toEqual({ id: placed });
    expect(readEnvelope({}, place, -1)).toEqual({ id: placed });
  });

  it('never throws, and what it gives can be written', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 60 }).map((array) => Buffer.from(array)),
      fc.json().map((json) => Buffer.from(json)),
      fc
        .dictionary(fc.constantFrom('id', 'at', 'attempt', 'trace', 'tenant', '__proto__'), fc.jsonValue())
        .map((object) => JSON.stringify(object)),
    );
    const headers = fc.dictionary(
      fc.constantFrom('penstock', 'ce_id', 'ce_source', 'ce_time', 'traceparent', 'other'),
      fc.oneof(bytes, fc.array(bytes, { maxLength: 2 }), fc.constant(undefined)),
    );
    fc.assert(
      fc.property(headers, (given) => {
        const envelope = read(given);
        expect(isPrintable(envelope.id)).toBe(true);
        expect(read({ penstock: writeEnvelope(envelope) })).toEqual(envelope);
      }),
    );
  });
});

describe('writeEnvelope', () => {
  it('leaves defaults out', () => {
    expect(writeEnvelope({ id: 'a', attempt: 1, at: 5 })).toBe('{"id":"a","at":5}');
    expect(writeEnvelope({ id: 'a', attempt: 2 })).toBe('{"id":"a","attempt":2}');
  });

  it('round-trips every envelope', () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }).filter(isPrintable);
    const time = fc.integer({ min: 0, max: 8_640_000_000_000_000 });
    const envelopes = fc.record(
      {
        id: text,
        source: text,
        at: time,
        attempt: fc.integer({ min: 2, max: 1_000_000 }),
        notBefore: time,
        failedAt: time,
        expiresAt: time,
        parent: text,
        tenant: text,
        trace: fc.constant(trace),
        replay: text,
      },
      { requiredKeys: ['id', 'at'] },
    );
    fc.assert(
      fc.property(envelopes, (envelope) => {
        expect(read({ penstock: Buffer.from(writeEnvelope(envelope)) })).toEqual(envelope);
      }),
    );
  });
});
