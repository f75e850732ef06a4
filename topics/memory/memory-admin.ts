import { PenstockError } from '../../schemas/errors.ts';
import type {
  Admin,
  CommittedOffset,
  GroupMember,
  GroupPartitions,
  GroupPlace,
  TopicSpec,
  TopicState,
} from '../ports.ts';
import type { MemoryGroup } from './memory-group.ts';
import type { MemoryLog } from './memory-log.ts';

export class MemoryAdmin implements Admin {
  readonly #log: MemoryLog;
  readonly #groupOf: (groupId: string) => MemoryGroup;
  readonly #grown: (topic: string) => void;

  constructor(log: MemoryLog, groupOf: (groupId: string) => MemoryGroup, grown: (topic: string) => void) {
    this.#log = log;
    this.#groupOf = groupOf;
    this.#grown = grown;
  }

  async createTopics(specs: readonly TopicSpec[]): Promise<void> {
    for (const spec of specs) this.#log.create(spec);
  }

  async growPartitions(topic: string, partitions: number): Promise<void> {
    this.#log.grow(topic, partitions);
    this.#grown(topic);
  }

  async alterTopicConfig(topic: string, config: Readonly<Record<string, string>>): Promise<void> {
    const current = this.#log.topic(topic).config;
    for (const [name, value] of Object.entries(config)) current.set(name, value);
  }

  async describeTopics(names: readonly string[]): Promise<readonly TopicState[]> {
    const wanted = [...new Set(names)].filter((name) => this.#log.has(name));
    return wanted.map((name) => {
      const { partitions, config } = this.#log.topic(name);
      return { name, partitions: partitions.length, replicationFactor: 1, config: Object.fromEntries(config) };
    });
  }

  async listTopics(): Promise<readonly string[]> {
    return this.#log.names();
  }

  async offsets(topic: string): Promise<readonly { partition: number; earliest: number; latest: number }[]> {
    const { partitions } = this.#log.topic(topic);
    return partitions.map((records, partition) => ({ partition, earliest: 0, latest: records.length }));
  }

  async offsetsAt(topic: string, timestampMs: number): Promise<readonly { partition: number; offset: number }[]> {
    const { partitions } = this.#log.topic(topic);
    return partitions.map((records, partition) => {
      const found = records.findIndex((record) => record.timestampMs >= timestampMs);
      return { partition, offset: found < 0 ? records.length : found };
    });
  }

  async groupOffsets(
    groupId: string,
    topic: string,
  ): Promise<readonly { partition: number; committed: CommittedOffset | null }[]> {
    const group = this.#groupOf(groupId);
    const { partitions } = this.#log.topic(topic);
    return partitions.map((_, partition) => ({ partition, committed: group.committed({ topic, partition }) }));
  }

  async groupPlaces(groups: readonly GroupPartitions[]): Promise<readonly GroupPlace[]> {
    return groups.flatMap(({ groupId, partitions }) =>
      partitions.map(({ topic, partition }) => ({
        ...{ groupId, topic, partition, earliest: 0 },
        latest: this.#log.topic(topic).partitions[partition]?.length ?? 0,
        committed: this.#groupOf(groupId).committed({ topic, partition })?.offset ?? null,
      })),
    );
  }

  async setGroupOffsets(
    groupId: string,
    topic: string,
    offsets: readonly { partition: number; offset: number }[],
  ): Promise<void> {
    const group = this.#groupOf(groupId);
    if (group.memberIds.length > 0) {
      const message = `group ${groupId} has running members`;
      throw new PenstockError('PIPE_GROUP_RUNNING', message, { context: { group: groupId } });
    }
    group.set(offsets.map(({ partition, offset }) => ({ topic, partition, offset, metadata: '' })));
  }

  async groupMembers(groupId: string): Promise<readonly GroupMember[]> {
    const ids = this.#groupOf(groupId).memberIds;
    return ids.map((memberId) => ({ memberId, clientId: 'memory', host: 'memory' }));
  }

  async close(): Promise<void> {}
}
