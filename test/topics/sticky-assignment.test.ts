import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assignSticky, type MemberClaim } from '../../topics/sticky-assignment.ts';

type Owned = MemberClaim['owned'];
type Shares = ReturnType<typeof assignSticky>;

const topics = ['a', 'b'];
const counts = fc.record({ a: fc.integer({ min: 1, max: 12 }), b: fc.integer({ min: 1, max: 4 }) });
const names = fc.uniqueArray(fc.constantFrom(...'mnopqrstuv'), { minLength: 1, maxLength: 8 });
const claim = (memberId: string, owned: Owned = [], ownedSince = 0): MemberClaim => ({
  memberId,
  topics,
  owned,
  ownedSince,
});

function partitionsIn(count: Readonly<Record<string, number>>) {
  return (topic: string) => Array.from({ length: count[topic] ?? 0 }, (_, partition) => partition);
}

const keysOf = (owned: Owned) => owned.map(({ topic, partition }) => `${topic}/${partition}`);
const ownedIn = (shares: Shares, member: string, topic?: string) =>
  keysOf((shares.get(member) ?? []).filter((place) => topic === undefined || place.topic === topic));

describe('sticky assignment', () => {
  it('gives each partition to exactly one reader, and all readers the same number, give or take one', () => {
    fc.assert(
      fc.property(counts, names, fc.infiniteStream(fc.nat(11)), (count, members, draws) => {
        const claims = members.map((member) => {
          const owned = topics.map((topic) => ({ topic, partition: draws.next().value ?? 0 }));
          return claim(member, owned, draws.next().value);
        });
        const shares = assignSticky(claims, partitionsIn(count));
        for (const topic of topics) {
          const all = members.flatMap((member) => ownedIn(shares, member, topic));
          expect(all.toSorted()).toEqual(
            partitionsIn(count)(topic)
              .map((partition) => `${topic}/${partition}`)
              .toSorted(),
          );
          const sizes = members.map((member) => ownedIn(shares, member, topic).length);
          expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  it('moves nothing while the members stay, whoever leads', () => {
    fc.assert(
      fc.property(counts, names, (count, members) => {
        const first = assignSticky(
          members.map((member) => claim(member)),
          partitionsIn(count),
        );
        const again = assignSticky(
          members.toReversed().map((member) => claim(member, first.get(member), 7)),
          partitionsIn(count),
        );
        for (const member of members)
          expect(ownedIn(again, member).toSorted()).toEqual(ownedIn(first, member).toSorted());
      }),
    );
  });

  it('takes from nobody when a member leaves, and no more than its share when one comes', () => {
    fc.assert(
      fc.property(counts, names, (count, members) => {
        const [one = '', ...rest] = members;
        const first = assignSticky(
          members.map((member) => claim(member)),
          partitionsIn(count),
        );
        const without = assignSticky(
          rest.map((member) => claim(member, first.get(member), 7)),
          partitionsIn(count),
        );
        for (const member of rest) {
          expect(ownedIn(without, member)).toEqual(expect.arrayContaining(ownedIn(first, member)));
        }
        const back = assignSticky(
          [claim(one), ...rest.map((member) => claim(member, without.get(member), 8))],
          partitionsIn(count),
        );
        for (const topic of topics) {
          const moved = rest.flatMap((member) => {
            const now = ownedIn(back, member, topic);
            return ownedIn(without, member, topic).filter((key) => !now.includes(key));
          });
          if (rest.length > 0) expect(moved.length).toBe(ownedIn(back, one, topic).length);
        }
      }),
    );
  });

  it('believes the later of two that claim one partition', () => {
    const owned = [{ topic: 'a', partition: 0 }];
    const shares = assignSticky([claim('m', owned, 1), claim('z', owned, 2)], partitionsIn({ a: 1, b: 0 }));
    expect([ownedIn(shares, 'm'), ownedIn(shares, 'z')]).toEqual([[], ['a/0']]);
  });
});
