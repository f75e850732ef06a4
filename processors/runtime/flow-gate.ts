import type { GroupConsumer } from '../../topics/ports.ts';
import { defaultMaxBytes, type LoadLimits, mayResume, mustPause, taskLimit } from './backpressure.ts';
import type { PartitionShare } from './task-run.ts';

/** Weight of the newest measurement of tasks ended per second. */
const smoothing = 0.5;
/** Below this many a second the limits are what they are without a task. */
const atRest = 1;

/** Counts what is held and pauses or resumes partitions at the consumer. */
export class FlowGate {
  readonly #consumer: Pick<GroupConsumer, 'pause' | 'resume'>;
  readonly #concurrency: number;
  readonly #maxBytes: number;
  #limits: LoadLimits;
  #perSecond = 0;
  #endedSinceTick = 0;
  #shares: readonly PartitionShare[] = [];
  #paused = 0;
  tasks = 0;
  bytes = 0;

  constructor(consumer: Pick<GroupConsumer, 'pause' | 'resume'>, concurrency: number, maxBytes = defaultMaxBytes) {
    this.#consumer = consumer;
    this.#concurrency = concurrency;
    this.#maxBytes = maxBytes;
    this.#limits = { maxTasks: taskLimit(concurrency, 0), maxBytes };
  }

  /** After each assignment; lost shares give back what they held, and the consumer has no pause any more. */
  assign(shares: readonly PartitionShare[]): void {
    this.#shares = shares;
    this.#paused = 0;
    this.tasks = 0;
    this.bytes = 0;
    for (const share of shares) {
      share.paused = false;
      this.tasks += share.tasks;
      this.bytes += share.bytes;
    }
    const held = shares.filter((share) => share.held);
    if (held.length > 0) this.#consumer.pause(held);
    for (const share of shares) this.reviewFull(share);
  }

  /** Reads no more of the partition, full or not, until release(). */
  hold(share: PartitionShare): void {
    share.held = true;
    this.#consumer.pause([share]);
  }

  release(share: PartitionShare): void {
    share.held = false;
    if (!share.paused) this.#consumer.resume([share]);
  }

  took(share: PartitionShare, bytes: number): void {
    share.tasks++;
    share.bytes += bytes;
    this.tasks++;
    this.bytes += bytes;
  }

  released(share: PartitionShare, bytes: number): void {
    share.tasks--;
    share.bytes -= bytes;
    this.tasks--;
    this.bytes -= bytes;
    this.#endedSinceTick++;
  }

  /** After a batch of the partition came in. */
  reviewFull(share: PartitionShare): void {
    if (share.paused || !mustPause(this, share, this.#shares.length, this.#limits)) return;
    share.paused = true;
    this.#paused++;
    this.#consumer.pause([share]);
  }

  /** After tasks ended. */
  reviewPaused(): void {
    if (this.#paused === 0) return;
    const free = this.#shares.filter(
      (share) => share.paused && mayResume(this, share, this.#shares.length, this.#limits),
    );
    if (free.length === 0) return;
    for (const share of free) share.paused = false;
    this.#paused -= free.length;
    this.#consumer.resume(free.filter((share) => !share.held));
  }

  /** Learns how fast the stage is. */
  tick(elapsedMs: number): void {
    if (elapsedMs <= 0 || (this.#endedSinceTick === 0 && this.#perSecond < atRest)) return;
    const newest = (this.#endedSinceTick * 1000) / elapsedMs;
    this.#endedSinceTick = 0;
    this.#perSecond += (newest - this.#perSecond) * smoothing;
    this.#limits = { maxTasks: taskLimit(this.#concurrency, this.#perSecond), maxBytes: this.#maxBytes };
    this.reviewPaused();
  }
}
