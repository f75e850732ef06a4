import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { AssignedPartition } from '../../topics/ports.ts';
import type { AnyStage } from '../pipeline.ts';
import type { Committer } from './committer.ts';
import type { Membership } from './membership.ts';
import { judgeMark, readMark } from './owner-mark.ts';
import type { Quarantine, QuarantineStage } from './quarantine.ts';
import type { TaskPump } from './task-pump.ts';
import type { PartitionShare, TaskRun } from './task-run.ts';
import { slotsOf } from './task-slots.ts';

export interface OwnershipOptions {
  readonly stage: AnyStage;
  readonly committer: Committer;
  readonly quarantine: Quarantine;
  readonly sessionTimeoutMs: number;
  readonly log: Logger;
  readonly pump: Pick<TaskPump, 'hold' | 'release'>;
  /** A task that waited in the quarantine may run: alone, or because it is over. */
  admit(run: TaskRun): void;
}

/** Between two tries to say in a commit which task runs alone. */
const announcePauseMs = 100;
/** An owner that has lived and finished tasks for so long is no victim of what ended those before it. */
const clearedAfterMs = 10_000;

/**
 * A task that ends its process, or blocks it for ever, leaves nothing behind that says so: attempts are counted where it
 * ran. So commits carry a mark of who owns the partition; the next owner learns from it that the one before vanished, and
 * after the second time lets tasks run alone, in the quarantine, so that the mark can name the one to blame.
 */
export class Ownership implements QuarantineStage {
  readonly #options: OwnershipOptions;
  readonly #owner = randomBytes(6).toString('base64url');
  /** Since the last assignment the event loop stood still for so long that the group may have given this member up. */
  #stalled = false;
  /** Grows with each assignment and each giving up. */
  #epoch = 0;

  constructor(options: OwnershipOptions) {
    this.#options = options;
  }

  /** Says in the commits that this worker has the partitions now, and looks at what the owner before it left there. */
  assigned(members: Membership, partitions: readonly AssignedPartition[], lost: readonly PartitionShare[]): void {
    const { quarantine, committer } = this.#options;
    this.#epoch++;
    for (const assigned of partitions) {
      const share = members.get(assigned);
      if (share === undefined) continue;
      if (!assigned.kept) this.#judge(share, assigned);
      share.mark({ owner: this.#owner });
    }
    this.#stalled = false;
    quarantine.forget(lost.reduce((sum, share) => sum + share.openSuspects, 0));
    void committer.commit(members.shares);
  }

  /** In good order; from the next commit on. */
  giveUp(shares: readonly PartitionShare[]): void {
    this.#epoch++;
    for (const share of shares) share.mark({ owner: null });
  }

  /**
   * On its way to its lane: one of the first tasks of a partition whose owners vanished is suspected. In the order of the
   * lanes, or a suspect would wait there for one that waits for all suspects.
   */
  entered(run: TaskRun): void {
    if (run.share.suspects === 0 || run.standing !== 'clear') return;
    run.standing = 'suspect';
    run.share.suspects--;
    run.share.openSuspects++;
    this.#options.quarantine.expect();
  }

  /** It waits, and others may run meanwhile. */
  rested(run: TaskRun): void {
    if (run.standing === 'suspect' && run.share.live) this.#options.quarantine.rested(run, this);
  }

  /** It is done with, and this process is still there; or it is buried. */
  survived(run: TaskRun): void {
    const { share, standing } = run;
    run.standing = 'clear';
    if (!share.live) return;
    if (standing === 'culprit') {
      share.mark({ culprits: share.culprits.filter((offset) => offset !== run.record.offset) });
      return;
    }
    if (share.accused === run.record.offset) share.mark({ accused: null });
    share.openSuspects--;
    this.#options.quarantine.ended(run, this);
  }

  admit(run: TaskRun): void {
    this.#options.admit(run);
  }

  /** While the partition is being given up its mark is gone, and nothing may begin alone. */
  async announce({ share }: TaskRun, alone: number | null): Promise<void> {
    while (share.live && share.owner === null && alone !== null) await sleep(announcePauseMs);
    if (share.alone !== alone) share.mark({ alone });
    while (share.live && !(await this.#options.committer.commit([share]))) await sleep(announcePauseMs);
  }

  tick(shares: readonly PartitionShare[], now: number, elapsedMs: number): void {
    if (elapsedMs > this.#options.sessionTimeoutMs / 2) this.#stalled = true;
    if (elapsedMs > this.#options.sessionTimeoutMs) void this.#doubt(shares);
    for (const share of shares) {
      if (share.deaths === 0 || share.openSuspects > 0) continue;
      if (share.tracker.version > 0 && now - share.ownedSince > clearedAfterMs)
        share.mark({ deaths: 0, accused: null });
    }
  }

  /**
   * This process stood still, stopped or blocked, for longer than the group waits: what it begins now others may run
   * already. It waits until a commit is taken, or the group has told it what it owns.
   */
  async #doubt(shares: readonly PartitionShare[]): Promise<void> {
    const { pump, committer, log } = this.#options;
    const epoch = this.#epoch;
    pump.hold();
    log.warn('stood still for longer than the session timeout; nothing begins until the group answers');
    for (const share of shares) share.mark({});
    while (epoch === this.#epoch) {
      if (await committer.commit(shares)) break;
      await sleep(announcePauseMs);
    }
    if (epoch === this.#epoch) pump.release();
  }

  #judge(share: PartitionShare, { committed, topic, partition }: AssignedPartition): void {
    const { stage, log } = this.#options;
    const { retry } = stage;
    const mark = committed === null ? null : readMark(committed.metadata);
    const survived = mark?.owner === this.#owner && !this.#stalled;
    const attempts = retry.attempts * (retry.delayed.length + 1);
    const verdict = judgeMark(mark, { survived, attempts, concurrency: slotsOf(stage) });
    Object.assign(share, verdict);
    if (verdict.deaths > 0) log.warn({ topic, partition, ...verdict }, 'the worker that had the partition vanished');
  }
}
