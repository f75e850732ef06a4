import { AssignerProtocol, type PartitionAssigner } from 'kafkajs';
import type { TopicPartition } from '../ports.ts';
import { assignSticky, type MemberClaim } from '../sticky-assignment.ts';

/** What this member owns now, if it still is a member. */
export interface Ownership {
  readonly partitions: readonly TopicPartition[];
  /** Epoch ms. */
  readonly since: number;
}

const name = 'PenstockStickyAssigner';
const version = 1;
const nothing: Ownership = { partitions: [], since: 0 };

/** Each member says what it owns as it joins, so that any of them can lead the group after the one before is gone. */
export function stickyAssigner(ownership: () => Ownership | undefined): PartitionAssigner {
  return ({ cluster }) => ({
    name,
    version,
    protocol({ topics }) {
      const userData = Buffer.from(JSON.stringify(ownership() ?? nothing));
      return { name, metadata: AssignerProtocol.MemberMetadata.encode({ version, topics, userData }) };
    },
    async assign({ members }) {
      const claims = members.map(({ memberId, memberMetadata }) => readClaim(memberId, memberMetadata));
      const numbersOf = (topic: string) =>
        cluster.findTopicPartitionMetadata(topic).map(({ partitionId }) => partitionId);
      const shares = assignSticky(claims, (topic) => numbersOf(topic).toSorted((one, other) => one - other));
      return [...shares].map(([memberId, places]) => {
        const assignment = byTopic(places);
        const userData = Buffer.alloc(0);
        return {
          memberId,
          memberAssignment: AssignerProtocol.MemberAssignment.encode({ version, assignment, userData }),
        };
      });
    },
  });
}

/** A member of a foreign make claims nothing. */
function readClaim(memberId: string, metadata: Buffer): MemberClaim {
  const decoded = AssignerProtocol.MemberMetadata.decode(metadata);
  const { partitions, since } = readOwnership(decoded?.userData);
  return { memberId, topics: decoded?.topics ?? [], owned: partitions, ownedSince: since };
}

function readOwnership(userData: Buffer | null | undefined): Ownership {
  try {
    const { partitions, since }: Partial<Ownership> = JSON.parse(String(userData));
    return Array.isArray(partitions) && typeof since === 'number' ? { partitions, since } : nothing;
  } catch {
    return nothing;
  }
}

function byTopic(places: readonly TopicPartition[]): Record<string, number[]> {
  const assignment: Record<string, number[]> = Object.create(null);
  for (const { topic, partition } of places) {
    const known = assignment[topic] ?? [];
    assignment[topic] = known;
    known.push(partition);
  }
  return assignment;
}
