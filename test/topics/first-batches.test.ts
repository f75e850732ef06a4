import { describe, expect, it } from 'vitest';
import { FirstBatches } from '../../topics/kafkajs/first-batches.ts';

describe('FirstBatches', () => {
  it('refuses a batch of another starting point, then takes the right one and asks no more', () => {
    const first = new FirstBatches();
    first.expect('p', 400);
    expect(first.refuse('p', '500')).toBe(400);
    expect(first.refuse('p', '400')).toBeUndefined();
    expect(first.refuse('p', '900')).toBeUndefined();
  });

  it('believes one that comes again and again: retention has moved the start', () => {
    const first = new FirstBatches();
    first.expect('p', 400);
    expect([1, 2, 3, 4].map(() => first.refuse('p', '500'))).toEqual([400, 400, 400, undefined]);
  });

  it('takes any batch of a partition that it was not told of, or when kafkajs does not say where it began', () => {
    const first = new FirstBatches();
    expect(first.refuse('p', '1')).toBeUndefined();
    first.expect('p', 400);
    expect(first.refuse('p', undefined)).toBeUndefined();
    first.expect('q', 1);
    first.clear();
    expect(first.refuse('q', '7')).toBeUndefined();
  });
});
