import { PenstockError } from '../../schemas/errors.ts';
import type { CommittedOffset, TopicPartition } from '../ports.ts';
import type { MemoryLog } from './memory-log.ts';

export interface MemoryMember {
  readonly memberId: string;
  readonly topics: readonly string[];
  /** Called with the old generation still valid. */
  rebalancing(): Promise<void> | undefined;
  assigned(partitions: readonly TopicPartition[], generation: number): void;
}

/** Offset.metadata.max.bytes of Kafka. */
const maxMetadataBytes = 4096;

export const placeKey = ({ topic, partition }: TopicPartition): string => `${partition}:${topic}`;

/** The coordinator of one group: eager protocol, one generation at a time, commits fenced by member and generation. */
export class MemoryGroup {
  readonly groupId: string;
  readonly #log: MemoryLog;
  readonly #later: (run: () => void) => void;
  readonly #members = new Map<string, MemoryMember>();
  readonly #committed = new Map<string, CommittedOffset>();
  #generation = 0;
  #planned = false;
  #nextMember = 1;

  constructor(groupId: string, log: MemoryLog, later: (run: () => void) => void) {
    this.groupId = groupId;
    this.#log = log;
    this.#later = later;
  }

  get memberIds(): string[] {
    return [...this.#members.keys()];
  }

  newMemberId(): string {
    const id = String(this.#nextMember).padStart(6, '0');
    this.#nextMember += 1;
    return `${this.groupId}-${id}`;
  }

  join(member: MemoryMember): void {
    this.#members.set(member.memberId, member);
    this.rebalance();
  }

  /** Leaving and being thrown out look alike from here. */
  remove(memberId: string): void {
    if (this.#members.delete(memberId)) this.rebalance();
  }

  /** Soon, once, however many ask. */
  rebalance(): void {
    if (this.#planned) return;
    this.#planned = true;
    this.#later(() => {
      const drains = [...this.#members.values()].flatMap((member) => member.rebalancing() ?? []);
      if (drains.length === 0) this.#deal();
      else void Promise.allSettled(drains).then(() => this.#deal());
    });
  }

  commit(memberId: string, generation: number, offsets: readonly (TopicPartition & CommittedOffset)[]): void {
    if (!this.#members.has(memberId) || generation !== this.#generation) {
      const message = `the generation of member ${memberId} is over`;
      throw new PenstockError('PIPE_COMMIT_FENCED', message, { context: { group: this.groupId } });
    }
    for (const { metadata } of offsets) {
      if (Buffer.byteLength(metadata) > maxMetadataBytes) {
        throw new PenstockError('PIPE_BROKER_REFUSED', `offset metadata is larger than ${maxMetadataBytes} bytes`);
      }
    }
    this.set(offsets);
  }

  set(offsets: readonly (TopicPartition & CommittedOffset)[]): void {
    for (const { offset, metadata, ...place } of offsets) this.#committed.set(placeKey(place), { offset, metadata });
  }

  committed(place: TopicPartition): CommittedOffset | null {
    return this.#committed.get(placeKey(place)) ?? null;
  }

  #deal(): void {
    this.#planned = false;
    this.#generation += 1;
    const generation = this.#generation;
    const shares = assignRoundRobin(this.#log, [...this.#members.values()]);
    for (const [member, partitions] of shares) {
      if (this.#generation === generation && this.#members.has(member.memberId))
        member.assigned(partitions, generation);
    }
  }
}

/** As kafkajs deals: members by id, partitions of a topic in turn. */
function assignRoundRobin(log: MemoryLog, members: readonly MemoryMember[]): Map<MemoryMember, TopicPartition[]> {
  const shares = new Map(members.map((member): [MemoryMember, TopicPartition[]] => [member, []]));
  const sorted = [...members].sort((a, b) => (a.memberId < b.memberId ? -1 : 1));
  let turn = 0;
  for (const topic of new Set(members.flatMap(({ topics }) => topics))) {
    const takers = sorted.filter(({ topics }) => topics.includes(topic));
    for (const partition of log.topic(topic).partitions.keys()) {
      const member = takers[turn % takers.length];
      if (member) shares.get(member)?.push({ topic, partition });
      turn += 1;
    }
  }
  return shares;
}
