import { setTimeout } from 'node:timers/promises';
import kafkajs, { type Cluster, type DescribeConfigResponse, type Admin as KafkaAdmin } from 'kafkajs';
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
import { readFault, translate } from './errors.ts';
import { type Coordinators, fetchCommitted, fetchGroupPlaces, fetchRange, placeKey } from './group-offsets.ts';

/** Node cannot see the names of the module's later exports, so they come by its default. */
const { ConfigResourceTypes } = kafkajs;

/** Generation and member of a commit from outside; the broker takes it only while the group has no members. */
const outsider = { groupGenerationId: -1, memberId: '' };
/** config source of an override set on the topic itself (describeConfigs v1). */
const topicOverride = 1;

interface ConfigEntry {
  readonly configName: string;
  readonly configValue: string | null;
  readonly configSource?: number;
}

export class KafkaAdminClient implements Admin {
  readonly #admin: KafkaAdmin;
  readonly #cluster: Cluster;
  readonly #coordinators: Coordinators = new Map();

  constructor(admin: KafkaAdmin, cluster: Cluster) {
    this.#admin = admin;
    this.#cluster = cluster;
  }

  async connect(): Promise<void> {
    await told('cannot connect to Kafka', {}, async () => {
      await Promise.all([this.#admin.connect(), this.#cluster.connect()]);
    });
  }

  async createTopics(specs: readonly (TopicSpec & { readonly replicationFactor?: number })[]): Promise<void> {
    if (specs.length === 0) return;
    const topics = specs.map(({ name, partitions, config, replicationFactor }) => ({
      topic: name,
      numPartitions: partitions,
      replicationFactor: replicationFactor ?? -1,
      configEntries: Object.entries(config).map(([key, value]) => ({ name: key, value })),
    }));
    const names = specs.map(({ name }) => name).join(', ');
    await told(`cannot create topics ${names}`, {}, () => this.#admin.createTopics({ topics, waitForLeaders: false }));
    await this.#shows(
      specs.map(({ name }) => name),
      (states) => states.length === specs.length,
    );
  }

  async growPartitions(topic: string, partitions: number): Promise<void> {
    await told(`cannot grow topic ${topic}`, { topic, partitions }, () =>
      this.#admin.createPartitions({ topicPartitions: [{ topic, count: partitions }] }),
    );
    await this.#shows([topic], ([state]) => state !== undefined && state.partitions >= partitions);
  }

  /** Kafka's AlterConfigs, the one that kafkajs has, drops every override that is not in the request: so all are sent. */
  async alterTopicConfig(topic: string, config: Readonly<Record<string, string>>): Promise<void> {
    await this.#mustExist(topic);
    await told(`cannot configure topic ${topic}`, { topic }, async () => {
      const entries = (await this.#describeConfigs([topic])).get(topic) ?? [];
      const merged = new Map(overridesOf(entries));
      for (const [name, value] of Object.entries(config)) merged.set(name, value);
      const configEntries = [...merged].map(([name, value]) => ({ name, value }));
      await this.#admin.alterConfigs({
        validateOnly: false,
        resources: [{ type: ConfigResourceTypes.TOPIC, name: topic, configEntries }],
      });
    });
    await this.#shows([topic], ([state]) => holds(state, config));
  }

  async describeTopics(names: readonly string[]): Promise<readonly TopicState[]> {
    return told('cannot describe topics', {}, async () => {
      const existing = new Set(await this.#admin.listTopics());
      const wanted = [...new Set(names)].filter((name) => existing.has(name));
      if (wanted.length === 0) return [];
      const [{ topics }, configs] = await Promise.all([
        this.#admin.fetchTopicMetadata({ topics: wanted }),
        this.#describeConfigs(wanted),
      ]);
      return topics.map(({ name, partitions }) => ({
        name,
        partitions: partitions.length,
        replicationFactor: partitions[0]?.replicas.length ?? 0,
        config: effective(configs.get(name) ?? []),
      }));
    });
  }

  async listTopics(): Promise<readonly string[]> {
    return told('cannot list topics', {}, () => this.#admin.listTopics());
  }

  async offsets(topic: string): Promise<readonly { partition: number; earliest: number; latest: number }[]> {
    const partitions = await this.#partitionsOf(topic);
    return told(`cannot read the offsets of ${topic}`, { topic }, async () => {
      await this.#cluster.refreshMetadata();
      const range = await fetchRange(this.#cluster, partitions);
      return partitions.map((place) => ({
        partition: place.partition,
        ...(range.get(placeKey(place)) ?? { earliest: 0, latest: 0 }),
      }));
    });
  }

  async offsetsAt(topic: string, timestampMs: number): Promise<readonly { partition: number; offset: number }[]> {
    const partitions = await this.#partitionsOf(topic);
    return told(`cannot look up ${topic} by time`, { topic }, async () => {
      await this.#cluster.refreshMetadata();
      const asked = partitions.map(({ partition }) => ({ partition }));
      const [range, [found]] = await Promise.all([
        fetchRange(this.#cluster, partitions),
        this.#cluster.fetchTopicsOffset([{ topic, partitions: asked, fromTimestamp: timestampMs }]),
      ]);
      const at = new Map(found?.partitions.map(({ partition, offset }) => [partition, Number(offset)]));
      return partitions.map((place) => {
        const offset = at.get(place.partition) ?? -1;
        const end = range.get(placeKey(place))?.latest ?? 0;
        return { partition: place.partition, offset: offset >= 0 ? offset : end };
      });
    });
  }

  async groupOffsets(
    groupId: string,
    topic: string,
  ): Promise<readonly { partition: number; committed: CommittedOffset | null }[]> {
    const partitions = await this.#partitionsOf(topic);
    return told(`cannot read the offsets of group ${groupId}`, { group: groupId, topic }, async () => {
      const committed = await fetchCommitted(this.#cluster, groupId, partitions);
      return partitions.map((place) => ({
        partition: place.partition,
        committed: committed.get(placeKey(place)) ?? null,
      }));
    });
  }

  async groupPlaces(groups: readonly GroupPartitions[]): Promise<readonly GroupPlace[]> {
    return told('cannot see where groups stand', {}, async () => {
      try {
        return await fetchGroupPlaces(this.#cluster, this.#coordinators, groups);
      } catch (thrown) {
        // Who leads what is remembered for minutes, and may have moved.
        this.#coordinators.clear();
        await this.#cluster.refreshMetadata();
        throw thrown;
      }
    });
  }

  async setGroupOffsets(
    groupId: string,
    topic: string,
    offsets: readonly { partition: number; offset: number }[],
  ): Promise<void> {
    if (offsets.length === 0) return;
    await this.#refuseRunning(groupId);
    const partitions = offsets.map(({ partition, offset }) => ({ partition, offset: String(offset) }));
    try {
      const coordinator = await this.#cluster.findGroupCoordinator({ groupId });
      await coordinator.offsetCommit({ groupId, ...outsider, topics: [{ topic, partitions }] });
    } catch (thrown) {
      // A member that joined since the look above makes the broker refuse the outsider.
      if (['UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION', 'REBALANCE_IN_PROGRESS'].includes(readFault(thrown).type ?? '')) {
        throw runningError(groupId);
      }
      throw translate(thrown, `cannot set the offsets of group ${groupId}`, { group: groupId, topic });
    }
  }

  async groupMembers(groupId: string): Promise<readonly GroupMember[]> {
    return told(`cannot describe group ${groupId}`, { group: groupId }, async () => {
      const { groups } = await this.#admin.describeGroups([groupId]);
      return groups.flatMap(({ members }) =>
        members.map(({ memberId, clientId, clientHost }) => ({ memberId, clientId, host: clientHost })),
      );
    });
  }

  async close(): Promise<void> {
    await told('cannot disconnect from Kafka', {}, async () => {
      await Promise.all([this.#admin.disconnect(), this.#cluster.disconnect()]);
    });
  }

  /** The controller answers before the brokers know; what follows would be refused, or see the state before. */
  async #shows(names: readonly string[], isShown: (states: readonly TopicState[]) => boolean): Promise<void> {
    for (let attempt = 1; attempt <= maxLooks; attempt += 1) {
      try {
        if (isShown(await this.describeTopics(names))) return;
      } catch (error) {
        if (
          !(error instanceof PenstockError) ||
          !['PIPE_TOPIC_UNKNOWN', 'PIPE_BROKER_UNAVAILABLE'].includes(error.code)
        ) {
          throw error;
        }
      }
      await setTimeout(lookPauseMs);
    }
    const seconds = (maxLooks * lookPauseMs) / 1000;
    throw new PenstockError('PIPE_BROKER_UNAVAILABLE', `${names.join(', ')}: not as asked for after ${seconds} s`);
  }

  async #refuseRunning(groupId: string): Promise<void> {
    if ((await this.groupMembers(groupId)).length > 0) throw runningError(groupId);
  }

  async #mustExist(topic: string): Promise<void> {
    const names = await this.listTopics();
    if (names.includes(topic)) return;
    throw new PenstockError('PIPE_TOPIC_UNKNOWN', `topic ${topic} does not exist`, { context: { topic } });
  }

  async #partitionsOf(topic: string): Promise<{ topic: string; partition: number }[]> {
    await this.#mustExist(topic);
    return told(`cannot look up topic ${topic}`, { topic }, async () => {
      const { topics } = await this.#admin.fetchTopicMetadata({ topics: [topic] });
      await this.#cluster.addMultipleTargetTopics([topic]);
      const ids = topics[0]?.partitions.map(({ partitionId }) => partitionId) ?? [];
      return ids.sort((a, b) => a - b).map((partition) => ({ topic, partition }));
    });
  }

  async #describeConfigs(names: readonly string[]): Promise<Map<string, readonly ConfigEntry[]>> {
    const resources = names.map((name) => ({ type: ConfigResourceTypes.TOPIC, name }));
    const answer: DescribeConfigResponse = await this.#admin.describeConfigs({ resources, includeSynonyms: false });
    return new Map(answer.resources.map(({ resourceName, configEntries }) => [resourceName, configEntries]));
  }
}

const holds = (state: TopicState | undefined, config: Readonly<Record<string, string>>): boolean =>
  Object.entries(config).every(([name, value]) => state?.config[name] === value);

function overridesOf(entries: readonly ConfigEntry[]): [string, string][] {
  const own = entries.filter(({ configSource }) => configSource === topicOverride);
  return own.flatMap(({ configName, configValue }) => (configValue === null ? [] : [[configName, configValue]]));
}

const effective = (entries: readonly ConfigEntry[]): Record<string, string> =>
  Object.fromEntries(
    entries.flatMap(({ configName, configValue }) => (configValue === null ? [] : [[configName, configValue]])),
  );

function runningError(groupId: string): PenstockError {
  const message = `group ${groupId} has running members`;
  return new PenstockError('PIPE_GROUP_RUNNING', message, { context: { group: groupId } });
}

const maxLooks = 100;
const lookPauseMs = 100;
const maxTries = 6;
const firstPauseMs = 50;

/** Runs it, again where Kafka itself says that it only needs a moment (a leader or coordinator that is just moving). */
async function told<T>(
  doing: string,
  context: Readonly<Record<string, string | number>>,
  act: () => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await act();
    } catch (thrown) {
      const error = translate(thrown, doing, context);
      const isMoving = error.code === 'PIPE_BROKER_UNAVAILABLE' && readFault(thrown).type !== undefined;
      if (!isMoving || attempt === maxTries) throw error;
      await setTimeout(firstPauseMs * 2 ** (attempt - 1));
    }
  }
}
