import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { murmur2, Partitioner, partitionOfKey } from '../../topics/producer/partitioner.ts';

describe('murmur2', () => {
  // From Kafka's own UtilsTest.
  const vectors: readonly [string, number][] = [
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107],
  ];

  it.each(vectors)('hashes %s as the Java client does', (key, hash) => {
    expect(murmur2(Buffer.from(key))).toBe(hash);
  });

  it('reads a slice like a copy', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.nat(7), (bytes, shift) => {
        const within = Buffer.concat([Buffer.alloc(shift, 7), bytes, Buffer.alloc(3, 9)]);
        expect(murmur2(within.subarray(shift, shift + bytes.length))).toBe(murmur2(bytes));
      }),
    );
  });

  it('always gives a partition that exists', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.integer({ min: 1, max: 1000 }), (key, partitions) => {
        const partition = partitionOfKey(key, partitions);
        expect(partition).toBeGreaterThanOrEqual(0);
        expect(partition).toBeLessThan(partitions);
      }),
    );
  });
});

describe('Partitioner', () => {
  it('lets records without a key take turns, for each topic on its own', () => {
    const partitioner = new Partitioner();
    const turns = Array.from({ length: 5 }, () => partitioner.choose({ topic: 'a', key: null }, 3));
    expect(turns).toEqual([0, 1, 2, 0, 1]);
    expect(partitioner.choose({ topic: 'b', key: null }, 3)).toBe(0);
  });

  it('lets requests take turns, for each topic on its own: two that alternate reach all partitions', () => {
    const partitioner = new Partitioner();
    const seen = { a: new Set<number>(), b: new Set<number>() };
    for (let request = 0; request < 4; request += 1) {
      const topic = request % 2 === 0 ? 'a' : 'b';
      const chosen = [1, 2].map(() => partitioner.choose({ topic, partition: 'any', key: null }, 2));
      expect(new Set(chosen).size).toBe(1);
      for (const partition of chosen) seen[topic].add(partition);
      partitioner.requestLeft(new Set([topic]));
    }
    expect([seen.a, seen.b].map((partitions) => [...partitions])).toEqual([
      [0, 1],
      [0, 1],
    ]);
  });
});
