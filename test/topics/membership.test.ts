import { describe, expect, it } from 'vitest';
import { startingPoint } from '../../topics/kafkajs/group-offsets.ts';
import { Membership } from '../../topics/kafkajs/membership.ts';

function joinedOnce(membership: Membership, memberId: string, assigned: Record<string, number[]>) {
  membership.joinAttempted();
  return [...membership.joined(memberId, assigned).kept].sort();
}

describe('Membership', () => {
  it('keeps what the same member had in the generation before', () => {
    const membership = new Membership();
    expect(joinedOnce(membership, 'm1', { a: [0, 1] })).toEqual([]);
    expect(joinedOnce(membership, 'm1', { a: [1, 2], b: [0] })).toEqual(['1:a']);
    expect(joinedOnce(membership, 'm1', { a: [0, 1], b: [0] })).toEqual(['0:b', '1:a']);
  });

  it('keeps nothing under another member id, or after leaving', () => {
    const membership = new Membership();
    joinedOnce(membership, 'm1', { a: [0] });
    expect(joinedOnce(membership, 'm2', { a: [0] })).toEqual([]);
    membership.left();
    expect(joinedOnce(membership, 'm2', { a: [0] })).toEqual([]);
  });

  it('keeps nothing when a generation may have passed unheard', () => {
    const membership = new Membership();
    joinedOnce(membership, 'm1', { a: [0] });
    membership.joinAttempted();
    expect(joinedOnce(membership, 'm1', { a: [0] })).toEqual([]);
    expect(joinedOnce(membership, 'm1', { a: [0] })).toEqual(['0:a']);
  });

  it('counts epochs up', () => {
    const membership = new Membership();
    const epochs = [0, 1, 2].map(() => membership.joined('m', {}).epoch);
    expect(epochs).toEqual([1, 2, 3]);
  });
});

describe('startingPoint', () => {
  const place = { topic: 't', partition: 0 };
  const committed = (offset: number) => ({ offset, metadata: 'm' });

  it.each([
    ['nothing committed: the earliest record', null, { earliest: 5, latest: 9 }, null, 5],
    ['a commit in range: there', committed(7), { earliest: 5, latest: 9 }, committed(7), 7],
    ['a commit at the end: there', committed(9), { earliest: 5, latest: 9 }, committed(9), 9],
    ['overtaken by retention: the earliest record', committed(2), { earliest: 5, latest: 9 }, committed(2), 5],
    ['past the end: another topic’s, from the start', committed(10), { earliest: 5, latest: 9 }, null, 5],
  ])('%s', (_name, found, range, expected, start) => {
    expect(startingPoint(place, found, range)).toEqual({ ...place, committed: expected, start });
  });
});
