import fc from 'fast-check';
import { expect, it } from 'vitest';
import { AcceptedIndexes, freshIds } from '../../gateway/intake/batch-ids.ts';

it('positions come back in order, in whatever order they were added', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(60)), (indexes) => {
      const accepted = new AcceptedIndexes();
      for (const index of indexes) accepted.add(index);
      expect([...accepted]).toEqual(indexes.toSorted((a, b) => a - b));
      expect(accepted.count).toBe(indexes.length);
    }),
  );
});

it('ids of a batch are UUIDv7, ordered, and no other batch’s', () => {
  const [one, other] = [freshIds(), freshIds()];
  const ids = [0, 1, 255, 2 ** 32 - 1].map(one);
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(ids.toSorted()).toEqual(ids);
  expect(ids).not.toContain(other(0));
  expect(one(7)).toBe(one(7));
});
