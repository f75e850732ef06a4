import { setTimeout } from 'node:timers/promises';
import type { Cluster, Consumer, EachBatchPayload, Kafka } from 'kafkajs';
import type { Logger } from 'pino';
import { messageOf, PenstockError } from '../../schemas/errors.ts';
import type {
  AssignedPartition,
  CommittedOffset,
  ConsumerOptions,
  GroupConsumer,
  GroupListener,
  TopicPartition,
} from '../ports.ts';
import { tapCluster } from './cluster.ts';
import { Committer } from './committer.ts';
import { translate } from './errors.ts';
import { FirstBatches } from './first-batches.ts';
import { byTopic, fetchStartingPoints, placeKey, type StartingPoint } from './group-offsets.ts';
import { toInbound } from './inbound.ts';
import { type Assignment, Membership } from './membership.ts';
import { Watchdog } from './silence-watch.ts';

/** resume() and the heartbeat of a fully paused member wait for it; an idle consumer asks that often. */
const maxWaitMs = 200;
const maxHeartbeatMs = 1000;
const lookupPauseMs = 250;
const leaveLimitMs = 10_000;

type State = 'new' | 'starting' | 'running' | 'stopped' | 'failed';

/** How a consumer comes to its client. */
export interface ConsumerClients {
  /** Rejects soon when there is no broker. */
  probe(): Promise<void>;
  /** A client that keeps trying; tells of each attempt to connect. */
  newClient(onAttempt: () => void): Kafka;
}

/** One member of a consumer group on kafkajs. Each has a client of its own: clients share offsets between their consumers. */
export class KafkaGroupConsumer implements GroupConsumer {
  readonly #groupId: string;
  readonly #topics: readonly string[];
  readonly #sessionTimeoutMs: number;
  readonly #logger: Logger | undefined;
  readonly #probe: () => Promise<void>;
  readonly #consumer: Consumer;
  readonly #cluster: Cluster;
  readonly #membership = new Membership();
  readonly #committer: Committer;
  readonly #paused = new Set<string>();
  readonly #firstBatches = new FirstBatches();
  #state: State = 'new';
  #listener: GroupListener | undefined;
  /** Set while the committed offsets of a new assignment are looked up. */
  #loading: Promise<void> | undefined;
  #watchdog: Watchdog | undefined;
  #started: { resolve: () => void; reject: (error: Error) => void } | undefined;

  constructor(clients: ConsumerClients, options: ConsumerOptions, logger: Logger | undefined) {
    this.#probe = clients.probe;
    this.#groupId = options.groupId;
    this.#topics = options.topics;
    this.#sessionTimeoutMs = options.sessionTimeoutMs ?? 30_000;
    this.#logger = logger;
    const tap = tapCluster(() => this.#membership.joinAttempted());
    const kafka = clients.newClient(() => this.#watchdog?.sign());
    this.#consumer = kafka.consumer({
      groupId: options.groupId,
      sessionTimeout: this.#sessionTimeoutMs,
      rebalanceTimeout: this.#sessionTimeoutMs,
      heartbeatInterval: Math.min(maxHeartbeatMs, Math.floor(this.#sessionTimeoutMs / 3)),
      maxWaitTimeInMs: maxWaitMs,
      minBytes: 1,
      maxBytesPerPartition: options.maxBytesPerPartition ?? 1024 * 1024,
      allowAutoTopicCreation: false,
      retry: { retries: 100, initialRetryTime: 200, maxRetryTime: 1000 },
      partitionAssigners: [tap.assigner],
    });
    this.#cluster = tap.cluster();
    this.#committer = new Committer(this.#consumer, this.#groupId);
  }

  async start(listener: GroupListener): Promise<void> {
    if (this.#state !== 'new') throw new PenstockError('PIPE_CONSUMER_CRASHED', 'a consumer starts only once');
    this.#state = 'starting';
    this.#listener = listener;
    this.#observe();
    const firstAssignment = new Promise<void>((resolve, reject) => {
      this.#started = { resolve, reject };
    });
    firstAssignment.catch(() => undefined);
    try {
      await this.#probe();
      await this.#consumer.connect();
      await this.#consumer.subscribe({ topics: [...this.#topics], fromBeginning: true });
      this.#watchdog = this.#startWatchdog();
      await this.#consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        eachBatch: (payload) => this.#onBatch(payload),
      });
      await firstAssignment;
    } catch (thrown) {
      await this.#abort();
      throw translate(thrown, `group ${this.#groupId} cannot start`, { group: this.#groupId });
    }
  }

  pause(partitions: readonly TopicPartition[]): void {
    if (this.#state !== 'running') return;
    for (const place of partitions) this.#paused.add(placeKey(place));
    this.#guard(() => this.#consumer.pause(byTopic(partitions)));
  }

  resume(partitions: readonly TopicPartition[]): void {
    if (this.#state !== 'running') return;
    for (const place of partitions) this.#paused.delete(placeKey(place));
    this.#guard(() => this.#consumer.resume(byTopic(partitions)));
  }

  commit(offsets: readonly (TopicPartition & CommittedOffset)[]): Promise<void> {
    const assignment = this.#membership.current;
    const isValid = (): boolean => this.#state === 'running' && this.#mayCommit(assignment, offsets);
    return this.#committer.commit(offsets, isValid);
  }

  async stop(): Promise<void> {
    if (this.#state === 'stopped') return;
    const pending = this.#started;
    this.#state = 'stopped';
    pending?.reject(new PenstockError('PIPE_CONSUMER_CRASHED', 'stopped before the first assignment'));
    await this.#leave();
  }

  /** Between a join and the handing over, only what was kept is surely still the same. */
  #mayCommit(assignment: Assignment | undefined, offsets: readonly TopicPartition[]): boolean {
    if (!assignment || this.#membership.current !== assignment) return false;
    const owned = this.#loading ? assignment.kept : assignment.keys;
    return offsets.every((place) => owned.has(placeKey(place)));
  }

  #observe(): void {
    const { events } = this.#consumer;
    const sign = () => this.#watchdog?.sign();
    for (const event of [events.FETCH_START, events.FETCH, events.HEARTBEAT, events.CONNECT] as const) {
      this.#consumer.on(event, sign);
    }
    this.#consumer.on(events.REBALANCING, () => {
      sign();
      if (this.#state === 'running') this.#tell((listener) => listener.rebalancing());
    });
    this.#consumer.on(events.GROUP_JOIN, ({ payload }) => {
      sign();
      this.#onJoin(payload.memberId, payload.memberAssignment);
    });
    this.#consumer.on(events.CRASH, ({ payload }) => {
      sign();
      this.#membership.left();
      this.#committer.forget();
      if (payload.restart) {
        this.#logger?.warn({ group: this.#groupId, reason: messageOf(payload.error) }, 'the consumer joins again');
      } else this.#fail(this.#crashError(payload.error));
    });
  }

  #crashError(cause: Error): PenstockError {
    const error = translate(cause, `group ${this.#groupId} crashed`, { group: this.#groupId });
    if (error.code !== 'PIPE_BROKER_REFUSED') return error;
    return new PenstockError('PIPE_CONSUMER_CRASHED', error.message, { context: error.context, cause });
  }

  #onJoin(memberId: string, assigned: Readonly<Record<string, readonly number[]>>): void {
    if (this.#state === 'stopped' || this.#state === 'failed') return;
    const assignment = this.#membership.joined(memberId, assigned);
    this.#paused.clear();
    this.#firstBatches.clear();
    // kafkajs keeps the flags of partitions that went and came back, and would read them never again.
    this.#guard(() => this.#consumer.resume(this.#topics.map((topic) => ({ topic }))));
    const loading = this.#load(assignment).finally(() => {
      if (this.#loading === loading) this.#loading = undefined;
    });
    this.#loading = loading;
  }

  async #load(assignment: Assignment): Promise<void> {
    for (;;) {
      try {
        const points = await fetchStartingPoints(this.#cluster, this.#groupId, assignment.partitions);
        if (this.#isCurrent(assignment)) this.#handOver(assignment, points);
        return;
      } catch (thrown) {
        const error = translate(thrown, `cannot read the offsets of group ${this.#groupId}`);
        if (!this.#isCurrent(assignment)) return;
        if (!error.retryable && error.code !== 'PIPE_TOPIC_UNKNOWN') return this.#fail(error);
        this.#logger?.debug({ group: this.#groupId, code: error.code }, error.message);
        await setTimeout(lookupPauseMs);
        if (!this.#isCurrent(assignment)) return;
      }
    }
  }

  #isCurrent(assignment: Assignment): boolean {
    return this.#membership.current === assignment && (this.#state === 'starting' || this.#state === 'running');
  }

  /** The seek makes kafkajs drop what it fetched from any other offset, and read from just where the listener is told. */
  #handOver(assignment: Assignment, points: readonly StartingPoint[]): void {
    const partitions: AssignedPartition[] = points.map(({ topic, partition, committed, start }) => {
      const key = placeKey({ topic, partition });
      this.#firstBatches.expect(key, start);
      this.#consumer.seek({ topic, partition, offset: String(start) });
      return { topic, partition, committed, kept: assignment.kept.has(key) };
    });
    this.#loading = undefined;
    this.#state = 'running';
    this.#tell((listener) => listener.assigned(partitions));
    this.#started?.resolve();
    this.#started = undefined;
  }

  async #onBatch(payload: EachBatchPayload): Promise<void> {
    const assignment = this.#membership.current;
    this.#committer.use(payload);
    if (this.#loading) await this.#loading;
    if (!assignment || !this.#isCurrent(assignment) || this.#state !== 'running' || payload.isStale()) return;
    const { topic, partition } = payload.batch;
    const key = placeKey({ topic, partition });
    if (!assignment.keys.has(key) || this.#paused.has(key) || this.#isStray(key, payload)) return;
    const records = payload.batch.messages.map(toInbound);
    const highWatermark = Number(payload.batch.highWatermark);
    this.#tell((listener) => listener.records({ topic, partition, records, highWatermark }));
    // The position of a topic that a rebalance took away in the meantime is no longer there to be moved.
    this.#guard(() => payload.resolveOffset(payload.batch.lastOffset()));
  }

  #isStray(key: string, { batch }: EachBatchPayload): boolean {
    const offset = this.#firstBatches.refuse(key, Reflect.get(batch, 'fetchedOffset'));
    if (offset === undefined) return false;
    const { topic, partition } = batch;
    this.#guard(() => this.#consumer.seek({ topic, partition, offset: String(offset) }));
    return true;
  }

  #tell(call: (listener: GroupListener) => void): void {
    if (!this.#listener || this.#state === 'failed' || this.#state === 'stopped') return;
    try {
      call(this.#listener);
    } catch (thrown) {
      const message = `the listener of group ${this.#groupId} threw: ${messageOf(thrown)}`;
      this.#fail(new PenstockError('PIPE_CONSUMER_CRASHED', message, { cause: thrown }));
    }
  }

  /** kafkajs throws where a rebalance or a crash came first; what was asked for is moot then. */
  #guard(act: () => void): void {
    try {
      act();
    } catch (thrown) {
      this.#logger?.debug({ group: this.#groupId, reason: messageOf(thrown) }, 'overtaken by a rebalance');
    }
  }

  #fail(error: PenstockError): void {
    if (this.#state === 'failed' || this.#state === 'stopped') return;
    const pending = this.#started;
    this.#state = 'failed';
    this.#started = undefined;
    void this.#leave();
    if (pending) pending.reject(error);
    else this.#listener?.failed(error);
  }

  #startWatchdog(): Watchdog {
    // A join waits for the slowest member, one session timeout at most, and gives no sign meanwhile.
    return new Watchdog(this.#sessionTimeoutMs * 2, (silentMs) => {
      const message = `group ${this.#groupId} gave no sign of life for ${Math.round(silentMs)} ms`;
      this.#fail(new PenstockError('PIPE_CONSUMER_SILENT', message, { context: { group: this.#groupId } }));
    });
  }

  async #abort(): Promise<void> {
    if (this.#state !== 'stopped') this.#state = 'failed';
    this.#started = undefined;
    await this.#leave();
  }

  async #leave(): Promise<void> {
    this.#watchdog?.stop();
    this.#membership.left();
    const limit = new AbortController();
    const tooLong = setTimeout(leaveLimitMs, undefined, { signal: limit.signal, ref: false });
    tooLong.catch(() => undefined);
    try {
      await Promise.race([this.#consumer.disconnect(), tooLong]);
    } catch (thrown) {
      this.#logger?.debug({ group: this.#groupId, reason: messageOf(thrown) }, 'the consumer did not leave cleanly');
    } finally {
      limit.abort();
    }
  }
}
