import { DelayQueue } from './delay-queue.ts';
import { openEnvelope } from './open-envelope.ts';
import type { RetryTopic } from './stage-plan.ts';
import type { PartitionShare, TaskRun } from './task-run.ts';

export interface RetryHoldOptions {
  readonly topics: readonly RetryTopic[];
  now(): number;
  /** Reads no more of the partition, whatever else happens, until released. */
  hold(share: PartitionShare): void;
  release(share: PartitionShare): void;
  /** Due: to the lanes. */
  admit(run: TaskRun): void;
  /** After some were admitted. */
  onAdmitted(): void;
}

/**
 * Keeps records of the retry topics until they are due. All of a topic wait for one delay, so the first in a partition
 * is the earliest due: at the first that is not due the partition is held, what came with it stands in line here, one
 * fetch at most, and one timer serves the earliest of all partitions. What waits has no slot and no lane.
 */
export class RetryHold {
  readonly #options: RetryHoldOptions;
  readonly #delayMs: ReadonlyMap<string, number>;
  readonly #queue: DelayQueue<PartitionShare>;
  #closed = false;

  constructor(options: RetryHoldOptions) {
    this.#options = options;
    this.#delayMs = new Map(options.topics.map(({ topic, delayMs }) => [topic, delayMs]));
    this.#queue = new DelayQueue(options.now, (share) => this.#due(share));
  }

  /** True: it waits here. False: it may go to its lane now. */
  keep(run: TaskRun): boolean {
    if (this.#delayMs.size === 0) return false;
    const { share } = run;
    const delayMs = this.#delayMs.get(share.topic);
    if (delayMs === undefined) return false;
    const now = this.#options.now();
    // One that waits for longer than the topic's delay waits out the rest elsewhere: here all stand behind the head.
    run.dueAt = Math.min(openEnvelope(run).notBefore ?? 0, Math.min(run.record.timestampMs, now) + delayMs);
    if (share.waiting.head === null && run.dueAt <= now) return false;
    this.#push(share, run);
    return true;
  }

  /** After each assignment: those that stay go on waiting; what is lost is dropped, with its timer. */
  assign(shares: readonly PartitionShare[], lost: readonly PartitionShare[]): void {
    for (const share of lost) share.waiting.clear();
    this.#queue.clear();
    if (this.#closed) return;
    for (const share of shares) if (share.waiting.head !== null) this.#queue.add(share, share.waiting.head.dueAt);
  }

  close(): void {
    this.#closed = true;
    this.#queue.clear();
  }

  #push(share: PartitionShare, run: TaskRun): void {
    const isFirst = share.waiting.head === null;
    run.detach();
    share.waiting.push(run);
    if (!isFirst) return;
    this.#options.hold(share);
    this.#queue.add(share, run.dueAt);
  }

  #due(share: PartitionShare): void {
    const { now, admit, release, onAdmitted } = this.#options;
    const at = now();
    for (let head = share.waiting.head; head !== null && head.dueAt <= at; head = share.waiting.head) {
      share.waiting.shift();
      admit(head);
    }
    if (share.waiting.head === null) release(share);
    else this.#queue.add(share, share.waiting.head.dueAt);
    onAdmitted();
  }
}
