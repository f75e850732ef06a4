import { setTimeout } from 'node:timers/promises';
import type { EachBatchPayload } from 'kafkajs';
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
import { Committer } from './committer.ts';
import { translate } from './errors.ts';
import { FirstBatches } from './first-batches.ts';
import { type ConsumerClients, GroupMember } from './group-member.ts';
import {
  byTopic,
  fetchReadingPoints,
  fetchStartingPoints,
  placeKey,
  type ReadingPositions,
  type StartingPoint,
} from './group-offsets.ts';
import { toInbound } from './inbound.ts';
import { type Assignment, Membership } from './membership.ts';

const lookupPauseMs = 250;
/** For a listener that does not say that it is ready; the group waits for its slowest member for a session timeout. */
const longestDrainMs = 10_000;

type State = 'new' | 'starting' | 'running' | 'stopped' | 'failed';

/** One member of a consumer group on kafkajs. Each has a client of its own: clients share offsets between their consumers. */
export class KafkaGroupConsumer implements GroupConsumer {
  readonly #groupId: string;
  readonly #topics: readonly string[];
  readonly #begin: 'committed' | 'earliest' | 'latest';
  /** Of a reader without commits; empty for any other. */
  readonly #positions: ReadingPositions = new Map();
  /** As many of them were given: more are known once it has begun. */
  readonly #toldPlaces: number;
  readonly #logger: Logger | undefined;
  readonly #member: GroupMember;
  readonly #membership = new Membership();
  readonly #committer: Committer;
  readonly #paused = new Set<string>();
  readonly #firstBatches = new FirstBatches();
  #state: State = 'new';
  #listener: GroupListener | undefined;
  /** Set while the committed offsets of a new assignment are looked up. */
  #loading: Promise<void> | undefined;
  /** Set while the listener ends what it has before the next join. */
  #ready: Promise<void> | undefined;
  #started: { resolve: () => void; reject: (error: Error) => void } | undefined;

  constructor(clients: ConsumerClients, options: ConsumerOptions, logger: Logger | undefined) {
    this.#groupId = options.groupId;
    this.#topics = options.topics;
    this.#begin = options.begin ?? 'committed';
    for (const place of options.from ?? []) this.#positions.set(placeKey(place), place.offset);
    this.#toldPlaces = this.#positions.size;
    this.#logger = logger;
    const events = {
      joinAttempted: () => this.#membership.joinAttempted(),
      owned: () => this.#membership.current,
      rebalancing: () => this.#onRebalancing(),
      ready: (isMember: boolean) => this.#onJoining(isMember),
      joined: (memberId: string, assigned: Readonly<Record<string, readonly number[]>>) =>
        this.#onJoin(memberId, assigned),
      batch: (payload: EachBatchPayload) => this.#onBatch(payload),
      lost: () => this.#onLost(),
      failed: (error: PenstockError) => this.#fail(error),
    };
    this.#member = new GroupMember(clients, options, events, logger);
    this.#committer = new Committer(this.#member.consumer, this.#groupId);
  }

  async start(listener: GroupListener): Promise<void> {
    if (this.#state !== 'new') throw new PenstockError('PIPE_CONSUMER_CRASHED', 'a consumer starts only once');
    this.#state = 'starting';
    this.#listener = listener;
    const firstAssignment = new Promise<void>((resolve, reject) => {
      this.#started = { resolve, reject };
    });
    firstAssignment.catch(() => undefined);
    try {
      await this.#member.join();
      await firstAssignment;
    } catch (thrown) {
      if (this.#state === 'starting') this.#state = 'failed';
      this.#started = undefined;
      await this.#leave();
      throw translate(thrown, `group ${this.#groupId} cannot start`, { group: this.#groupId });
    }
  }

  pause(partitions: readonly TopicPartition[]): void {
    if (this.#state !== 'running') return;
    for (const place of partitions) this.#paused.add(placeKey(place));
    this.#guard(() => this.#member.consumer.pause(byTopic(partitions)));
  }

  resume(partitions: readonly TopicPartition[]): void {
    if (this.#state !== 'running') return;
    for (const place of partitions) this.#paused.delete(placeKey(place));
    this.#guard(() => this.#member.consumer.resume(byTopic(partitions)));
  }

  commit(offsets: readonly (TopicPartition & CommittedOffset)[]): Promise<void> {
    const assignment = this.#membership.current;
    return this.#committer.commit(offsets, () => this.#mayCommit(assignment, offsets));
  }

  async stop(): Promise<void> {
    if (this.#state === 'stopped') return;
    this.#state = 'stopped';
    this.#started?.reject(new PenstockError('PIPE_CONSUMER_CRASHED', 'stopped before the first assignment'));
    await this.#leave();
  }

  /** Between a join and the handing over, only what was kept is surely still the same. */
  #mayCommit(assignment: Assignment | undefined, offsets: readonly TopicPartition[]): boolean {
    if (this.#state !== 'running' || !assignment || this.#membership.current !== assignment) return false;
    const owned = this.#loading ? assignment.kept : assignment.keys;
    return offsets.every((place) => owned.has(placeKey(place)));
  }

  /** kafkajs joins without a word too: after a change of the topics, or when the group does not know it any more. */
  #onJoining(isMember: boolean): Promise<void> | undefined {
    if (isMember) this.#onRebalancing();
    else this.#onLost();
    return this.#ready;
  }

  #onRebalancing(): void {
    if (this.#state !== 'running' || this.#ready !== undefined) return;
    this.#tell((listener) => {
      const drained = Promise.resolve(listener.rebalancing());
      const limit = new AbortController();
      const tooLong = setTimeout(longestDrainMs, undefined, { signal: limit.signal, ref: false });
      this.#ready = Promise.race([drained, tooLong]).then(
        () => limit.abort(),
        () => limit.abort(),
      );
      tooLong.catch(() => undefined);
    });
  }

  #onLost(): void {
    this.#ready = undefined;
    this.#membership.left();
    this.#committer.forget();
    // Until it has joined again others may own them: what runs on would run twice.
    if (this.#state === 'running') this.#tell((listener) => listener.assigned([]));
  }

  #onJoin(memberId: string, assigned: Readonly<Record<string, readonly number[]>>): void {
    if (this.#state === 'stopped' || this.#state === 'failed') return;
    this.#ready = undefined;
    const assignment = this.#membership.joined(memberId, assigned);
    this.#committer.reset();
    this.#paused.clear();
    this.#firstBatches.clear();
    // kafkajs keeps the flags of partitions that went and came back, and would read them never again.
    this.#guard(() => this.#member.consumer.resume(this.#topics.map((topic) => ({ topic }))));
    const loading = this.#load(assignment).finally(() => {
      if (this.#loading === loading) this.#loading = undefined;
    });
    this.#loading = loading;
  }

  async #load(assignment: Assignment): Promise<void> {
    for (let failures = 0; ; failures += 1) {
      try {
        const points = await this.#startingPoints(assignment.partitions);
        if (this.#isCurrent(assignment)) this.#handOver(assignment, points);
        return;
      } catch (thrown) {
        const error = translate(thrown, `cannot read the offsets of group ${this.#groupId}`);
        if (!this.#isCurrent(assignment)) return;
        // A topic that was just made is unknown to some brokers for a moment.
        if (!error.retryable && error.code !== 'PIPE_TOPIC_UNKNOWN') return this.#fail(error);
        this.#logger?.debug({ group: this.#groupId, code: error.code }, error.message);
        if (failures === 0) this.#handOverKept(assignment);
        await setTimeout(lookupPauseMs);
        if (!this.#isCurrent(assignment)) return;
      }
    }
  }

  #startingPoints(partitions: readonly TopicPartition[]): Promise<StartingPoint[]> {
    const { cluster } = this.#member;
    if (this.#begin === 'committed') return fetchStartingPoints(cluster, this.#groupId, partitions);
    const isFirst = this.#positions.size === this.#toldPlaces;
    const begin = isFirst ? this.#begin : 'earliest';
    return fetchReadingPoints(cluster, begin, this.#positions, partitions);
  }

  #isCurrent(assignment: Assignment): boolean {
    return this.#membership.current === assignment && (this.#state === 'starting' || this.#state === 'running');
  }

  /** The rest is somebody else's by now, and must not wait for an offset that cannot be read. */
  #handOverKept({ partitions, kept }: Assignment): void {
    if (this.#state !== 'running') return;
    const still = partitions.filter((place) => kept.has(placeKey(place)));
    this.#tell((listener) => listener.assigned(still.map((place) => ({ ...place, committed: null, kept: true }))));
  }

  /** The seek makes kafkajs drop what it fetched from any other offset, and read from just where the listener is told. */
  #handOver(assignment: Assignment, points: readonly StartingPoint[]): void {
    const partitions: AssignedPartition[] = points.map(({ topic, partition, committed, start }) => {
      const key = placeKey({ topic, partition });
      this.#firstBatches.expect(key, start);
      this.#member.consumer.seek({ topic, partition, offset: String(start) });
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
    if (this.#begin !== 'committed') this.#positions.set(key, Number(payload.batch.lastOffset()) + 1);
    // The position of a topic that a rebalance took away in the meantime is no longer there to be moved.
    this.#guard(() => payload.resolveOffset(payload.batch.lastOffset()));
  }

  #isStray(key: string, { batch }: EachBatchPayload): boolean {
    const offset = this.#firstBatches.refuse(key, Reflect.get(batch, 'fetchedOffset'));
    if (offset === undefined) return false;
    const { topic, partition } = batch;
    this.#guard(() => this.#member.consumer.seek({ topic, partition, offset: String(offset) }));
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

  async #leave(): Promise<void> {
    this.#membership.left();
    await this.#member.leave();
  }
}
