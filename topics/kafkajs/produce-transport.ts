import type { Broker, Cluster, IHeaders, Message } from 'kafkajs';
import type { Logger } from 'pino';
import { messageOf, PenstockError } from '../../schemas/errors.ts';
import type { Headers } from '../ports.ts';
import type { PartitionWrite, ProduceTransport, WireRecord, WriteResult } from '../producer/transport.ts';
import { readFault, translate } from './errors.ts';
import { patchKafkajs } from './patches.ts';
import { type Answers, answerKey, answersBeside, readAnswers } from './produce-answers.ts';
import { nullHeader } from './record-encoder.ts';

const allReplicas = -1;
/** New topics reach all brokers some moments after their creation. */
const unknownTopicTries = 3;
const unknownTopicPauseMs = 100;

interface LeaderShare {
  readonly nodeId: string;
  readonly indexes: number[];
}

/** Produce requests over the broker-level client of kafkajs: one request per leader, one attempt, its error told as it is. */
export class KafkaProduceTransport implements ProduceTransport {
  readonly #newCluster: () => Cluster;
  readonly #logger: Logger | undefined;
  readonly #topics = new Set<string>();
  #cluster: Cluster;
  #recovering: Promise<void> | undefined;

  constructor(newCluster: () => Cluster, logger: Logger | undefined) {
    this.#newCluster = newCluster;
    this.#logger = logger;
    this.#cluster = newCluster();
  }

  async connect(): Promise<void> {
    try {
      await this.#cluster.connect();
    } catch (error) {
      throw translate(error, 'cannot connect to Kafka');
    }
  }

  partitionCount(topic: string): number | undefined {
    if (!this.#topics.has(topic)) return undefined;
    try {
      return this.#cluster.findTopicPartitionMetadata(topic).length || undefined;
    } catch {
      // kafkajs drops its metadata on disconnect; lookUp loads it again.
      return undefined;
    }
  }

  async lookUp(topic: string): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#cluster.connect();
        await this.#cluster.addMultipleTargetTopics([topic]);
        if (this.#cluster.findTopicPartitionMetadata(topic).length === 0) await this.#cluster.refreshMetadata();
        this.#topics.add(topic);
        return;
      } catch (thrown) {
        const error = translate(thrown, `cannot find topic ${topic}`, { topic });
        if (error.code !== 'PIPE_TOPIC_UNKNOWN') throw error;
        if (await this.#dropLostTopics(topic)) continue;
        if (attempt === unknownTopicTries) throw error;
        await new Promise((resolve) => setTimeout(resolve, unknownTopicPauseMs));
      }
    }
  }

  async write(writes: readonly PartitionWrite[]): Promise<readonly WriteResult[]> {
    const results: WriteResult[] = new Array(writes.length);
    const shares = await this.#shareOut(writes, results);
    await Promise.all(shares.map((share) => this.#writeShare(share, writes, results)));
    return results;
  }

  async close(): Promise<void> {
    try {
      await this.#cluster.disconnect();
    } catch (error) {
      this.#logger?.debug({ reason: messageOf(error) }, 'the connection to Kafka did not close cleanly');
    }
  }

  /** Groups the writes by the broker that leads their partition; those without one fail here. */
  async #shareOut(writes: readonly PartitionWrite[], results: WriteResult[]): Promise<LeaderShare[]> {
    const shares = new Map<string, LeaderShare>();
    let broken: PenstockError | undefined;
    try {
      await this.#cluster.refreshMetadataIfNecessary();
    } catch (error) {
      broken = await this.#recover(error);
    }
    for (const [index, { topic, partition }] of writes.entries()) {
      const leader = broken ?? this.#leaderOf(topic, partition);
      if (leader instanceof PenstockError) {
        results[index] = { kind: 'failed', error: leader, shared: false };
        continue;
      }
      const share = shares.get(leader) ?? { nodeId: leader, indexes: [] };
      share.indexes.push(index);
      shares.set(leader, share);
    }
    return [...shares.values()];
  }

  #leaderOf(topic: string, partition: number): string | PenstockError {
    if (!this.#topics.has(topic)) {
      return new PenstockError('PIPE_TOPIC_UNKNOWN', `topic ${topic} is gone`, { context: { topic } });
    }
    try {
      const [leader] = Object.keys(this.#cluster.findLeaderForPartitions(topic, [partition]));
      if (leader !== undefined) return leader;
    } catch (error) {
      return translate(error, `no leader for ${topic}/${partition}`, { topic, partition });
    }
    const message = `topic ${topic} has no partition ${partition}`;
    return new PenstockError('PIPE_TOPIC_UNKNOWN', message, { context: { topic, partition } });
  }

  async #writeShare(share: LeaderShare, writes: readonly PartitionWrite[], results: WriteResult[]): Promise<void> {
    const own = share.indexes.flatMap((index) => writes[index] ?? []);
    try {
      const broker = await this.#cluster.findBroker({ nodeId: share.nodeId });
      const answers = await produce(broker, own);
      for (const index of share.indexes) results[index] = this.#resultOf(answers, writes[index]);
    } catch (thrown) {
      const answers = answersBeside(thrown);
      const error = await this.#recover(thrown, own);
      const shared = own.length > 1;
      for (const index of share.indexes) {
        results[index] = answers ? this.#resultOf(answers, writes[index]) : { kind: 'failed', error, shared };
      }
    }
  }

  #resultOf(answers: Answers, write: PartitionWrite | undefined): WriteResult {
    const answer = write && answers.get(answerKey(write.topic, write.partition));
    if (answer?.kind === 'written' && answer.baseOffset >= 0) return answer;
    if (answer?.kind === 'refused') return { kind: 'failed', error: this.#tell(answer.error, [write]), shared: false };
    const message = 'Kafka acknowledged a write without saying where it went';
    return { kind: 'failed', error: new PenstockError('PIPE_BROKER_REFUSED', message), shared: false };
  }

  /** Leaves the client so that the next attempt has a chance, and tells what went wrong. One recovery at a time. */
  async #recover(thrown: unknown, writes: readonly PartitionWrite[] = []): Promise<PenstockError> {
    this.#recovering ??= this.#refresh(thrown).finally(() => {
      this.#recovering = undefined;
    });
    await this.#recovering;
    return this.#tell(thrown, writes);
  }

  /** A partition that moved answers like a topic that is gone; only the refreshed metadata tells them apart. */
  #tell(thrown: unknown, writes: readonly (PartitionWrite | undefined)[]): PenstockError {
    const [first] = writes;
    const error = translate(thrown, 'cannot write to Kafka', first ? whereOf(first) : {});
    const isKnown = writes.every((write) => write !== undefined && this.#topics.has(write.topic));
    if (error.code !== 'PIPE_TOPIC_UNKNOWN' || !isKnown) return error;
    return new PenstockError('PIPE_BROKER_UNAVAILABLE', error.message, { context: error.context, cause: thrown });
  }

  async #refresh(thrown: unknown): Promise<void> {
    const { host, port, retriable, type, name } = readFault(thrown);
    try {
      if (name === 'KafkaJSConnectionClosedError' && host !== undefined && port !== undefined) {
        this.#cluster.removeBroker({ host, port });
      }
      if (!this.#cluster.isConnected()) await this.#cluster.connect();
      if (retriable || type === 'UNKNOWN_TOPIC_OR_PARTITION') await this.#cluster.refreshMetadata();
    } catch (error) {
      const { type: refreshFault } = readFault(error);
      if (refreshFault === 'UNKNOWN_TOPIC_OR_PARTITION') await this.#dropLostTopics();
      else this.#logger?.debug({ reason: messageOf(error) }, 'Kafka is not back yet');
    }
  }

  /**
   * kafkajs asks for all its topics at once and fails for all when one was deleted. A fresh client that learns them one
   * by one finds out which. true: something was lost besides the topic asked for.
   */
  async #dropLostTopics(asked?: string): Promise<boolean> {
    const known = [...this.#topics].filter((topic) => topic !== asked);
    const fresh = this.#newCluster();
    const found: string[] = [];
    try {
      await fresh.connect();
      for (const topic of known) if (await canSee(fresh, topic)) found.push(topic);
    } catch (error) {
      this.#logger?.debug({ reason: messageOf(error) }, 'Kafka is not back yet');
      await fresh.disconnect();
      return false;
    }
    const old = this.#cluster;
    this.#cluster = fresh;
    this.#topics.clear();
    for (const topic of found) this.#topics.add(topic);
    await old.disconnect();
    return found.length < known.length;
  }
}

async function canSee(cluster: Cluster, topic: string): Promise<boolean> {
  try {
    await cluster.addMultipleTargetTopics([topic]);
    return true;
  } catch (error) {
    if (readFault(error).type === 'UNKNOWN_TOPIC_OR_PARTITION') return false;
    throw error;
  }
}

async function produce(broker: Broker, writes: readonly PartitionWrite[]): Promise<Answers> {
  const byTopic = new Map<string, { partition: number; messages: Message[] }[]>();
  for (const { topic, partition, records } of writes) {
    const partitions = byTopic.get(topic) ?? [];
    partitions.push({ partition, messages: toMessages(records) });
    byTopic.set(topic, partitions);
  }
  const topicData = [...byTopic].map(([topic, partitions]) => ({ topic, partitions }));
  const answer: unknown = await broker.produce({ acks: allReplicas, topicData });
  return readAnswers(answer, (code) => new Error(`Kafka error ${code}`));
}

/** Either all records of a batch carry a time or none: kafkajs takes the first one as the base of the deltas. */
function toMessages(records: readonly WireRecord[]): Message[] {
  const timed = records.some(({ timestampMs }) => timestampMs !== undefined);
  const now = timed ? Date.now() : 0;
  const isPatched = patchKafkajs();
  return records.map((record) => {
    const message: Message = { key: record.key, value: record.value };
    if (record.headers) message.headers = isPatched ? record.headers : wireHeaders(record.headers);
    if (timed) message.timestamp = String(record.timestampMs ?? now);
    return message;
  });
}

/** For a kafkajs that we do not know: a null value would make it throw, so it becomes an empty one. */
function wireHeaders(headers: Headers): IHeaders {
  const wire: IHeaders = {};
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    const encoded = Array.isArray(value) ? value.map((one) => one ?? nullHeader) : (value ?? nullHeader);
    if (name === '__proto__') Object.defineProperty(wire, name, { value: encoded, enumerable: true });
    else wire[name] = encoded;
  }
  return wire;
}

const whereOf = ({ topic, partition }: PartitionWrite) => ({ topic, partition });
