import type { Cluster } from 'kafkajs';
import type { CommittedOffset, GroupPartitions, GroupPlace, TopicPartition } from '../ports.ts';

export interface StartingPoint extends TopicPartition {
  readonly committed: CommittedOffset | null;
  /** Where reading begins: an offset that the partition has or will have next. */
  readonly start: number;
}

interface FetchedOffset {
  readonly partition: number;
  readonly offset: string;
  /** kafkajs reads it, its types do not tell. */
  readonly metadata?: string | null;
}

export const placeKey = ({ topic, partition }: TopicPartition): string => `${partition}:${topic}`;

export function byTopic(partitions: readonly TopicPartition[]): { topic: string; partitions: number[] }[] {
  const grouped = new Map<string, number[]>();
  for (const { topic, partition } of partitions) {
    const known = grouped.get(topic);
    if (known) known.push(partition);
    else grouped.set(topic, [partition]);
  }
  return [...grouped].map(([topic, numbers]) => ({ topic, partitions: numbers }));
}

/** By group, as far as they are known: kafkajs asks anew each time. */
export type Coordinators = Map<string, Awaited<ReturnType<Cluster['findGroupCoordinator']>>>;

/** Committed offsets with their metadata; a partition without a commit is not in the answer. */
export async function fetchCommitted(
  cluster: Cluster,
  groupId: string,
  partitions: readonly TopicPartition[],
  coordinators: Coordinators = new Map(),
): Promise<Map<string, CommittedOffset>> {
  const coordinator = coordinators.get(groupId) ?? (await cluster.findGroupCoordinator({ groupId }));
  coordinators.set(groupId, coordinator);
  const topics = byTopic(partitions).map(({ topic, partitions: numbers }) => ({
    topic,
    partitions: numbers.map((partition) => ({ partition, offset: '0' })),
  }));
  const { responses } = await coordinator.offsetFetch({ groupId, topics });
  const committed = new Map<string, CommittedOffset>();
  for (const { topic, partitions: answers } of responses) {
    for (const answer of answers as readonly FetchedOffset[]) {
      const offset = Number(answer.offset);
      const key = placeKey({ topic, partition: answer.partition });
      // Below zero: nothing committed (-1), or kafkajs wrote "earliest" (-2) after an offset was out of range.
      if (offset >= 0) committed.set(key, { offset, metadata: answer.metadata ?? '' });
    }
  }
  return committed;
}

/** First and next offset of each partition. */
export async function fetchRange(
  cluster: Cluster,
  partitions: readonly TopicPartition[],
): Promise<Map<string, { earliest: number; latest: number }>> {
  const asked = byTopic(partitions).map(({ topic, partitions: numbers }) => ({
    topic,
    partitions: numbers.map((partition) => ({ partition })),
  }));
  const [low, high] = await Promise.all([
    cluster.fetchTopicsOffset(asked.map((topic) => ({ ...topic, fromBeginning: true }))),
    cluster.fetchTopicsOffset(asked.map((topic) => ({ ...topic, fromBeginning: false }))),
  ]);
  const earliest = new Map<string, number>();
  for (const { topic, partitions: answers } of low) {
    for (const { partition, offset } of answers) earliest.set(placeKey({ topic, partition }), Number(offset));
  }
  const range = new Map<string, { earliest: number; latest: number }>();
  for (const { topic, partitions: answers } of high) {
    for (const { partition, offset } of answers) {
      const key = placeKey({ topic, partition });
      range.set(key, { earliest: earliest.get(key) ?? 0, latest: Number(offset) });
    }
  }
  return range;
}

export async function fetchGroupPlaces(
  cluster: Cluster,
  coordinators: Coordinators,
  groups: readonly GroupPartitions[],
): Promise<GroupPlace[]> {
  const all = groups.flatMap(({ partitions }) => partitions);
  await cluster.addMultipleTargetTopics([...new Set(all.map(({ topic }) => topic))]);
  await cluster.refreshMetadataIfNecessary();
  const [range, ...committed] = await Promise.all([
    fetchRange(cluster, all),
    ...groups.map(({ groupId, partitions }) => fetchCommitted(cluster, groupId, partitions, coordinators)),
  ]);
  return groups.flatMap(({ groupId, partitions }, index) =>
    partitions.map(({ topic, partition }) => {
      const key = placeKey({ topic, partition });
      const ends = range.get(key) ?? { earliest: 0, latest: 0 };
      return { groupId, topic, partition, ...ends, committed: committed[index]?.get(key)?.offset ?? null };
    }),
  );
}

/**
 * Where a member begins. A commit past the end belongs to a topic that was deleted and made anew: it counts for nothing.
 * One below the start was overtaken by retention: reading goes on at the first record there is.
 */
export async function fetchStartingPoints(
  cluster: Cluster,
  groupId: string,
  partitions: readonly TopicPartition[],
): Promise<StartingPoint[]> {
  if (partitions.length === 0) return [];
  const [committed, range] = await Promise.all([
    fetchCommitted(cluster, groupId, partitions),
    fetchRange(cluster, partitions),
  ]);
  return partitions.map((place) => {
    const key = placeKey(place);
    return startingPoint(place, committed.get(key) ?? null, range.get(key) ?? { earliest: 0, latest: 0 });
  });
}

/** Offsets that a reader without commits reads next, by place. */
export type ReadingPositions = Map<string, number>;

/** Where a reader without commits goes on, or begins in a partition that it has no position of; a topic that was made anew is read whole. */
export async function fetchReadingPoints(
  cluster: Cluster,
  begin: 'earliest' | 'latest',
  positions: ReadingPositions,
  partitions: readonly TopicPartition[],
): Promise<StartingPoint[]> {
  if (partitions.length === 0) return [];
  const range = await fetchRange(cluster, partitions);
  return partitions.map(({ topic, partition }) => {
    const key = placeKey({ topic, partition });
    const ends = range.get(key) ?? { earliest: 0, latest: 0 };
    const start = readingStart(begin, positions.get(key), ends);
    positions.set(key, start);
    return { topic, partition, committed: null, start };
  });
}

export function readingStart(
  begin: 'earliest' | 'latest',
  position: number | undefined,
  { earliest, latest }: { earliest: number; latest: number },
): number {
  if (position === undefined) return begin === 'latest' ? latest : earliest;
  return position > latest ? earliest : Math.max(earliest, position);
}

export function startingPoint(
  place: TopicPartition,
  committed: CommittedOffset | null,
  { earliest, latest }: { earliest: number; latest: number },
): StartingPoint {
  const { topic, partition } = place;
  if (committed === null || committed.offset > latest) return { topic, partition, committed: null, start: earliest };
  return { topic, partition, committed, start: Math.max(earliest, committed.offset) };
}
