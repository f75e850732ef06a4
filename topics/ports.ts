/**
 * What the rest of Penstock asks of Kafka. Two adapters keep these promises: client.ts (kafkajs) and memory/ (the
 * twin for tests); test/contract runs one suite on both.
 */

export type HeaderValue = Buffer | string | (Buffer | string)[] | undefined;
export type Headers = Readonly<Record<string, HeaderValue>>;

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** Place of one record. Offsets are numbers: 2^53 records in one partition is out of reach. */
export interface RecordPlace extends TopicPartition {
  readonly offset: number;
}

export interface InboundRecord {
  readonly offset: number;
  readonly timestampMs: number;
  /** Slices of the whole fetch response: copy what outlives the call, or one record pins megabytes. */
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Headers;
}

export interface OutboundRecord {
  readonly topic: string;
  /**
   * Default: murmur2 of the key as the Java client does it; round robin where the key is null. 'any': those of one request
   * share a partition and requests take turns, which spares the broker an append for each partition and request.
   */
  readonly partition?: number | 'any';
  readonly key: Buffer | string | null;
  readonly value: Buffer | null;
  readonly headers?: Headers;
  readonly timestampMs?: number;
}

export interface ProducerOptions {
  /**
   * Longest wait of a record for company while other requests are in the air, in ms; with none in the air it leaves at
   * once, together with what is sent in the same turn. Default 10, about what a request takes that Kafka has to write.
   */
  readonly lingerMs?: number;
  /** Bytes of keys, values and headers that may wait or fly; send() waits for room beyond it. Default 64 MiB. */
  readonly maxBufferedBytes?: number;
  /**
   * Longest time from send() to its answer, in ms, waits for room and retries included. Default 30 000. Past it send()
   * rejects with PIPE_BROKER_UNAVAILABLE; a record that was flying then may still be written.
   */
  readonly deliveryTimeoutMs?: number;
  /**
   * Whether a partition keeps the order of the send() calls. Default true: it is then in one request at a time. false:
   * requests follow each other without waiting, and one that is retried may come after later ones.
   */
  readonly ordered?: boolean;
}

export interface Producer {
  /**
   * Resolves, with one place for each record in order, when every record is acknowledged by all in-sync replicas.
   * Records of one partition keep the order of the calls: two sends never have the same partition in flight at once.
   * Passing faults are retried inside; rejects with a PenstockError (PIPE_BROKER_UNAVAILABLE, PIPE_TOPIC_UNKNOWN,
   * PIPE_TASK_TOO_LARGE); some records of a rejected call may have been written: see outcomesOf.
   */
  send(records: readonly OutboundRecord[]): Promise<readonly RecordPlace[]>;
  /** Sends what waits, waits for what flies, then leaves. */
  close(): Promise<void>;
}

export interface CommittedOffset {
  /** The next offset to read. */
  readonly offset: number;
  /** At most 4096 bytes (Kafka's offset.metadata.max.bytes). */
  readonly metadata: string;
}

export interface AssignedPartition extends TopicPartition {
  /** null: this group never committed here; reading begins at the earliest offset. */
  readonly committed: CommittedOffset | null;
  /**
   * true: this member owned the partition without a gap since the last assignment, so nobody else can have touched it.
   * Records at and above the committed offset arrive again all the same.
   */
  readonly kept: boolean;
}

export interface RecordBatch extends TopicPartition {
  readonly records: readonly InboundRecord[];
  /** End offset of the partition when this was fetched; lag = highWatermark − committed. */
  readonly highWatermark: number;
}

/** Calls arrive one at a time and must return at once: work is queued, never done, inside them. */
export interface GroupListener {
  /** After every rebalance: all partitions this member owns now. A partition not in the list is lost. No partition is paused. */
  assigned(partitions: readonly AssignedPartition[]): void;
  /**
   * A rebalance began. Commits sent before this returns, or before its promise is settled, still count for the old
   * assignment; the member joins the new one after that, or after 10 s.
   */
  rebalancing(): void | Promise<void>;
  records(batch: RecordBatch): void;
  /** The consumer cannot go on (fenced, crashed, silent past the session timeout). Called once; the process should end. */
  failed(error: Error): void;
}

export interface ConsumerOptions {
  readonly groupId: string;
  readonly topics: readonly string[];
  /**
   * 'committed': where the group's commits say, default. 'earliest', 'latest': for a reader alone in its group that never
   * commits; it begins there, and across rebalances goes on where it was.
   */
  readonly begin?: 'committed' | 'earliest' | 'latest';
  /** Of a reader that never commits: where it begins in these partitions; in all others as `begin` says. */
  readonly from?: readonly RecordPlace[];
  /** Default 30 000. */
  readonly sessionTimeoutMs?: number;
  /** Bytes asked for in one fetch of one partition. Default 1 MiB. */
  readonly maxBytesPerPartition?: number;
}

export interface GroupConsumer {
  /** Joins the group; resolves when the first assignment was handed to the listener. */
  start(listener: GroupListener): Promise<void>;
  pause(partitions: readonly TopicPartition[]): void;
  resume(partitions: readonly TopicPartition[]): void;
  /** Commits exactly these offsets and does not move the reading position. */
  commit(offsets: readonly (TopicPartition & CommittedOffset)[]): Promise<void>;
  /** Leaves the group, so that others take over at once. */
  stop(): Promise<void>;
}

export interface TopicSpec {
  readonly name: string;
  readonly partitions: number;
  /** Kafka topic configuration, e.g. { 'retention.ms': '604800000' }. */
  readonly config: Readonly<Record<string, string>>;
}

export interface TopicState extends TopicSpec {
  readonly replicationFactor: number;
}

export interface GroupMember {
  readonly memberId: string;
  readonly clientId: string;
  readonly host: string;
}

export interface GroupPartitions {
  readonly groupId: string;
  readonly partitions: readonly TopicPartition[];
}

/** Where a group stands in a partition; committed is null before its first commit. */
export interface GroupPlace extends TopicPartition {
  readonly groupId: string;
  readonly earliest: number;
  readonly latest: number;
  readonly committed: number | null;
}

export interface Admin {
  createTopics(specs: readonly (TopicSpec & { readonly replicationFactor?: number })[]): Promise<void>;
  growPartitions(topic: string, partitions: number): Promise<void>;
  alterTopicConfig(topic: string, config: Readonly<Record<string, string>>): Promise<void>;
  /** Only topics that exist are in the answer. */
  describeTopics(names: readonly string[]): Promise<readonly TopicState[]>;
  listTopics(): Promise<readonly string[]>;
  /** First offset still stored, and the one after the last, of each partition. */
  offsets(topic: string): Promise<readonly { partition: number; earliest: number; latest: number }[]>;
  /** First offset of each partition whose record is not older than that; the end offset where there is none. */
  offsetsAt(topic: string, timestampMs: number): Promise<readonly { partition: number; offset: number }[]>;
  groupOffsets(
    groupId: string,
    topic: string,
  ): Promise<readonly { partition: number; committed: CommittedOffset | null }[]>;
  /** offsets() and groupOffsets() of partitions that are known, in few requests: for who asks every few seconds. */
  groupPlaces(groups: readonly GroupPartitions[]): Promise<readonly GroupPlace[]>;
  /** Rejects with PIPE_GROUP_RUNNING while the group has members. */
  setGroupOffsets(
    groupId: string,
    topic: string,
    offsets: readonly { partition: number; offset: number }[],
  ): Promise<void>;
  groupMembers(groupId: string): Promise<readonly GroupMember[]>;
  close(): Promise<void>;
}

/** One connection to a cluster; hands out the three roles. */
export interface Broker {
  producer(options?: ProducerOptions): Promise<Producer>;
  consumer(options: ConsumerOptions): GroupConsumer;
  admin(): Promise<Admin>;
}
