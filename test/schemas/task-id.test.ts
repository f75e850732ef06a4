import fc from 'fast-check';
import { v5, validate, version } from 'uuid';
import { describe, expect, it } from 'vitest';
import { childId, idempotentId, newTaskId, penstockNamespace, placeId } from '../../schemas/task-id.ts';

describe('derived ids', () => {
  it('follow the documented rule, which Python’s uuid.uuid5 follows too', () => {
    expect(penstockNamespace).toBe('f7c57d95-9e2b-45d0-a990-d27165779581');
    expect(placeId('assets.download', 3, 12)).toBe(v5('assets.download/3/12', penstockNamespace));
    // python3 -c 'import uuid; print(uuid.uuid5(uuid.UUID("f7c57d95-9e2b-45d0-a990-d27165779581"), "assets.download/3/12"))'
    expect(placeId('assets.download', 3, 12)).toBe('02e18e94-27df-5157-a9bc-2f307385735e');
  });

  it('are UUIDv5 of any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(childId(text, 'transform', 1)).toBe(v5(`child/${text}/transform/1`, penstockNamespace));
      }),
    );
  });

  it('of children differ by parent, stage and index, and from places', () => {
    const ids = [
      childId('a', 's', 0),
      childId('a', 's', 1),
      childId('a', 't', 0),
      childId('b', 's', 0),
      placeId('a', 0, 0),
    ];
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('of idempotency keys are equal for equal triples only', () => {
    const ids = [
      idempotentId(undefined, 'p', 'k'),
      idempotentId('t', 'p', 'k'),
      idempotentId('t', 'q', 'k'),
      idempotentId('t/q', 'p', 'k'),
      idempotentId('t', 'p', 'q/k'),
    ];
    expect(new Set(ids).size).toBe(ids.length);
    expect(idempotentId('t', 'p', 'k')).toBe(ids[1]);
    expect(idempotentId('', 'p', 'k')).toBe(ids[0]);
  });
});

describe('newTaskId', () => {
  it('gives UUIDv7, which sort by time', () => {
    const ids = Array.from({ length: 1000 }, newTaskId);
    expect(ids.every((id) => validate(id) && version(id) === 7)).toBe(true);
    expect([...ids].sort()).toEqual(ids);
  });
});
