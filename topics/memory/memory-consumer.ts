import { messageOf, PenstockError } from '../../schemas/errors.ts';
import type {
  AssignedPartition,
  CommittedOffset,
  ConsumerOptions,
  GroupConsumer,
  GroupListener,
  TopicPartition,
} from '../ports.ts';
import type { MemoryFaults } from './memory-faults.ts';
import { type MemoryGroup, placeKey } from './memory-group.ts';
import type { MemoryLog } from './memory-log.ts';

const maxRecordsPerBatch = 500;

type State = 'new' | 'starting' | 'running' | 'stopped' | 'failed';

export interface MemoryConsumerParts {
  readonly log: MemoryLog;
  readonly group: MemoryGroup;
  readonly faults: MemoryFaults;
  readonly later: (run: () => void) => void;
}

/** One member. Reads in its own order: the partitions take turns, one batch at a time. */
export class MemoryConsumer implements GroupConsumer {
  readonly #options: ConsumerOptions;
  readonly #parts: MemoryConsumerParts;
  readonly #positions = new Map<string, { place: TopicPartition; next: number }>();
  readonly #paused = new Set<string>();
  /** Where a reader without commits reads next; empty for any other. */
  readonly #read = new Map<string, number>();
  #state: State = 'new';
  #frozen = false;
  #listener: GroupListener | undefined;
  #memberId = '';
  #generation = 0;
  /** What it owned in the generation before this one, or nothing after a gap. */
  #before: ReadonlySet<string> = new Set();
  #pumping = false;
  /** No partition was handed out before. */
  #isFirst = true;
  #started: { resolve: () => void; reject: (error: Error) => void } | undefined;

  constructor(options: ConsumerOptions, parts: MemoryConsumerParts) {
    this.#options = options;
    this.#parts = parts;
    for (const place of options.from ?? []) this.#read.set(placeKey(place), place.offset);
  }

  get memberId(): string {
    return this.#memberId;
  }

  async start(listener: GroupListener): Promise<void> {
    if (this.#state !== 'new') throw new PenstockError('PIPE_CONSUMER_CRASHED', 'a consumer starts only once');
    for (const topic of this.#options.topics) this.#parts.log.topic(topic);
    this.#state = 'starting';
    this.#listener = listener;
    const first = new Promise<void>((resolve, reject) => {
      this.#started = { resolve, reject };
    });
    this.#join();
    await first;
  }

  pause(partitions: readonly TopicPartition[]): void {
    for (const place of partitions) this.#paused.add(placeKey(place));
  }

  resume(partitions: readonly TopicPartition[]): void {
    for (const place of partitions) this.#paused.delete(placeKey(place));
    this.pump();
  }

  async commit(offsets: readonly (TopicPartition & CommittedOffset)[]): Promise<void> {
    const owned = offsets.every((place) => this.#positions.has(placeKey(place)));
    if (this.#state !== 'running' || !owned) {
      throw new PenstockError('PIPE_COMMIT_FENCED', 'this member no longer owns a partition of this commit');
    }
    this.#parts.faults.beforeCommit();
    this.#parts.group.commit(this.#memberId, this.#generation, offsets);
    await this.#parts.faults.commitHeld();
  }

  async stop(): Promise<void> {
    if (this.#state === 'stopped') return;
    this.#started?.reject(new PenstockError('PIPE_CONSUMER_CRASHED', 'stopped before the first assignment'));
    this.#state = 'stopped';
    this.#parts.group.remove(this.#memberId);
    this.#positions.clear();
  }

  /** Gone without a word, as by kill -9: no callback comes any more, and the group notices at once. */
  kill(): void {
    this.#state = 'stopped';
    this.#parts.group.remove(this.#memberId);
  }

  /** Stops hearing anything, as by SIGSTOP; the group throws it out. Its own commits are refused. */
  freeze(): void {
    this.#frozen = true;
    this.#parts.group.remove(this.#memberId);
  }

  /** Wakes, finds that it is no member any more, joins anew. */
  thaw(): void {
    this.#frozen = false;
    if (this.#state === 'stopped' || this.#state === 'failed') return;
    this.#positions.clear();
    this.#join();
  }

  crash(error: Error): void {
    this.#fail(error);
  }

  pump(): void {
    if (this.#pumping || this.#state !== 'running') return;
    this.#pumping = true;
    this.#parts.later(() => {
      this.#pumping = false;
      if (this.#deliverOne()) this.pump();
    });
  }

  #join(): void {
    this.#memberId = this.#parts.group.newMemberId();
    this.#before = new Set();
    this.#parts.group.join({
      memberId: this.#memberId,
      topics: this.#options.topics,
      rebalancing: () => this.#onRebalancing(),
      assigned: (partitions, generation) => this.#onAssigned(partitions, generation),
    });
  }

  #onRebalancing(): Promise<void> | undefined {
    this.#before = new Set(this.#positions.keys());
    const drains: Promise<void>[] = [];
    if (this.#state === 'running') this.#tell((listener) => drains.push(Promise.resolve(listener.rebalancing())));
    return drains[0];
  }

  #onAssigned(partitions: readonly TopicPartition[], generation: number): void {
    if (this.#state !== 'starting' && this.#state !== 'running') return;
    this.#generation = generation;
    this.#positions.clear();
    this.#paused.clear();
    this.#isFirst = this.#read.size === (this.#options.from?.length ?? 0);
    const assigned = partitions.map((place) => this.#take(place));
    this.#state = 'running';
    this.#tell((listener) => listener.assigned(assigned));
    this.#started?.resolve();
    this.#started = undefined;
    this.pump();
  }

  #take(place: TopicPartition): AssignedPartition {
    const key = placeKey(place);
    const found = this.#parts.group.committed(place);
    const end = this.#parts.log.records(place.topic, place.partition).length;
    const committed = found && found.offset <= end ? found : null;
    const next = isReader(this.#options) ? this.#readingStart(key, end) : (committed?.offset ?? 0);
    this.#positions.set(key, { place, next });
    return { ...place, committed, kept: this.#before.has(key) };
  }

  #readingStart(key: string, end: number): number {
    const isAtEnd = this.#isFirst && this.#options.begin === 'latest';
    const start = this.#read.get(key) ?? (isAtEnd ? end : 0);
    this.#read.set(key, start);
    return start;
  }

  /** false: nothing to read. */
  #deliverOne(): boolean {
    if (this.#state !== 'running' || this.#frozen) return false;
    for (const [key, position] of this.#positions) {
      if (this.#paused.has(key)) continue;
      const { topic, partition } = position.place;
      const log = this.#parts.log.records(topic, partition);
      if (position.next >= log.length) continue;
      const records = log.slice(position.next, position.next + maxRecordsPerBatch);
      this.#positions.delete(key);
      this.#positions.set(key, { place: position.place, next: position.next + records.length });
      if (isReader(this.#options)) this.#read.set(key, position.next + records.length);
      this.#tell((listener) => listener.records({ topic, partition, records, highWatermark: log.length }));
      return true;
    }
    return false;
  }

  #tell(call: (listener: GroupListener) => void): void {
    if (!this.#listener || this.#frozen) return;
    try {
      call(this.#listener);
    } catch (thrown) {
      const message = `the listener threw: ${messageOf(thrown)}`;
      this.#fail(new PenstockError('PIPE_CONSUMER_CRASHED', message, { cause: thrown }));
    }
  }

  #fail(error: Error): void {
    if (this.#state === 'failed' || this.#state === 'stopped') return;
    this.#state = 'failed';
    this.#parts.group.remove(this.#memberId);
    if (this.#started) this.#started.reject(error);
    else this.#listener?.failed(error);
  }
}

const isReader = ({ begin = 'committed' }: ConsumerOptions): boolean => begin !== 'committed';
