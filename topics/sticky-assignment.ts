import type { TopicPartition } from './ports.ts';

/** What a member of a group says when it joins. */
export interface MemberClaim {
  readonly memberId: string;
  readonly topics: readonly string[];
  /** What it owned until now. */
  readonly owned: readonly TopicPartition[];
  /** When it got them; epoch ms. Of two that claim one partition, the later is right: the other was thrown out. */
  readonly ownedSince: number;
}

/**
 * Deals partitions so that as few as possible change hands: what runs on a partition that moves has to end or to be
 * repeated. Of each topic every member that reads it gets the same number, give or take one. The result depends on the
 * claims alone, not on their order. Resolves nothing, asks nobody: pure.
 */
export function assignSticky(
  claims: readonly MemberClaim[],
  partitionsOf: (topic: string) => readonly number[],
): ReadonlyMap<string, readonly TopicPartition[]> {
  const members = claims.toSorted((one, other) => (one.memberId < other.memberId ? -1 : 1));
  const shares = new Map(members.map(({ memberId }): [string, TopicPartition[]] => [memberId, []]));
  for (const topic of new Set(members.flatMap(({ topics }) => topics))) {
    const readers = members.filter(({ topics }) => topics.includes(topic));
    dealTopic(topic, partitionsOf(topic), readers, shares);
  }
  return shares;
}

type Shares = ReadonlyMap<string, TopicPartition[]>;

function dealTopic(
  topic: string,
  partitions: readonly number[],
  readers: readonly MemberClaim[],
  shares: Shares,
): void {
  const held = heldBefore(topic, partitions, readers);
  const size = ({ memberId }: MemberClaim) => shares.get(memberId)?.length ?? 0;
  const least = Math.floor(partitions.length / readers.length);
  // Who holds more of the topic keeps more; else who has less of all topics.
  const byClaim = readers.toSorted(
    (one, other) => countOf(held, other) - countOf(held, one) || size(one) - size(other),
  );
  const quota = new Map(
    byClaim.map((reader, at) => [reader.memberId, least + (at < partitions.length % readers.length ? 1 : 0)]),
  );
  const free = new Set(partitions);
  for (const { memberId } of readers) {
    const kept = (held.get(memberId) ?? []).slice(0, quota.get(memberId));
    for (const partition of kept) free.delete(partition);
    shares.get(memberId)?.push(...kept.map((partition) => ({ topic, partition })));
    quota.set(memberId, (quota.get(memberId) ?? 0) - kept.length);
  }
  const left = free.values();
  for (const { memberId } of readers) {
    for (let room = quota.get(memberId) ?? 0; room > 0; room--) {
      const { value: partition } = left.next();
      if (partition !== undefined) shares.get(memberId)?.push({ topic, partition });
    }
  }
}

const countOf = (held: ReadonlyMap<string, readonly number[]>, { memberId }: MemberClaim): number =>
  held.get(memberId)?.length ?? 0;

/** Which of the topic's partitions each member may keep, in order. */
function heldBefore(
  topic: string,
  partitions: readonly number[],
  readers: readonly MemberClaim[],
): ReadonlyMap<string, readonly number[]> {
  const holders = new Map<number, MemberClaim>();
  for (const reader of readers) {
    for (const { partition } of reader.owned.filter((place) => place.topic === topic)) {
      const rival = holders.get(partition);
      if (rival === undefined || rival.ownedSince < reader.ownedSince) holders.set(partition, reader);
    }
  }
  const held = new Map<string, number[]>(readers.map(({ memberId }) => [memberId, []]));
  for (const partition of partitions) held.get(holders.get(partition)?.memberId ?? '')?.push(partition);
  return held;
}
