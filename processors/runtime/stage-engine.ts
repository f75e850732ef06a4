import { messageOf, PenstockError } from '../../schemas/errors.ts';
import type { AssignedPartition, GroupListener, InboundRecord, RecordBatch } from '../../topics/ports.ts';
import type { Ordering } from '../stage.ts';
import type { Completion } from './completion.ts';
import type { Death } from './dead-letter-writer.ts';
import { doneRecords } from './done-record.ts';
import { Membership } from './membership.ts';
import { alreadyTaken } from './offset-tracker.ts';
import { openEnvelope } from './open-envelope.ts';
import type { StageStats } from './stage-counts.ts';
import { buildStageParts, type StageParts } from './stage-parts.ts';
import type { StageRunner, StageRunnerOptions } from './stage-runner-options.ts';
import { type PartitionShare, TaskRun } from './task-run.ts';

const defaultCommitIntervalMs = 200;
const defaultDrainMs = 25_000;
/** Between two rows of one attempt that runs for long. */
const announceEveryMs = 1_000;
/** A rebalance waits for running handlers so long: what runs on after it may run twice, and all others wait meanwhile. */
const rebalanceDrainMs = 5_000;
/** After the abort, for handlers that still answer. */
const abortGraceMs = 1_000;
/** For the last send; a broker that is down must not keep a stopping process. */
const lastSendMs = 5_000;

/** The listener of one stage's group: takes records in, and moves offsets on when the end of their tasks is durable. */
export class StageEngine implements GroupListener, StageRunner {
  readonly #options: StageRunnerOptions;
  readonly #parts: StageParts;
  readonly #members = new Membership();
  #taking = true;
  #failed = false;
  #stopped: Promise<void> | undefined;
  #ticker: NodeJS.Timeout | undefined;
  #tickedAt = 0;
  #announcedAt = 0;

  constructor(options: StageRunnerOptions) {
    this.#options = options;
    this.#parts = buildStageParts(options, {
      onDurable: (completions) => this.#durable(completions),
      onRefused: (completion, thrown) => this.#refused(completion, thrown),
      onBuried: (death) => this.#buried(death),
      onDefect: (thrown) => this.#fail(thrown),
    });
  }

  async start(): Promise<void> {
    await this.#parts.consumer.start(this);
    this.#tickedAt = performance.now();
    this.#ticker = setInterval(() => this.#tick(), this.#options.commitIntervalMs ?? defaultCommitIntervalMs);
  }

  assigned(partitions: readonly AssignedPartition[]): void {
    const { scheduler, executor, gate, hold, consumer, log, pump, ownership } = this.#parts;
    const lost = this.#members.assign(partitions);
    for (const share of lost) scheduler.drop(share.lanes);
    for (const share of lost) executor.abandon(share);
    ownership.assigned(this.#members, partitions, lost);
    hold.assign(this.#members.shares, lost);
    gate.assign(this.#members.shares);
    if (!this.#taking) consumer.pause(partitions);
    log.info(
      { partitions: partitions.map(({ topic, partition }) => `${topic}/${partition}`), lost: lost.length },
      'partitions assigned',
    );
    pump.release();
  }

  /**
   * Lets what runs come to its end, and commits it, while this member still may: a partition that moves then takes nothing
   * with it that is half done. Starts nothing more until the next assignment.
   */
  async rebalancing(): Promise<void> {
    const { pump, executor, committer, ownership, log } = this.#parts;
    const { drainMs = defaultDrainMs } = this.#options;
    const limitMs = Math.min(rebalanceDrainMs, drainMs);
    pump.hold();
    ownership.giveUp(this.#members.shares);
    void committer.commit(this.#members.shares);
    await within(limitMs, this.#drain(limitMs));
    if (executor.running.size > 0) log.info({ inFlight: executor.running.size }, 'a rebalance does not wait for them');
  }

  records(batch: RecordBatch): void {
    const share = this.#members.get(batch);
    if (share === undefined || !this.#taking) return;
    try {
      for (const record of batch.records) this.#take(share, record);
      this.#parts.gate.reviewFull(share);
      this.#parts.pump.pump();
    } catch (thrown) {
      this.#fail(thrown);
    }
  }

  failed(error: Error): void {
    this.#fail(error);
  }

  stats(): StageStats {
    const { plan, counts, executor, gate } = this.#parts;
    const inFlight = executor.running.size;
    const names = { pipeline: plan.pipeline, stage: plan.stage.name };
    const owned = this.#members.shares.map(({ topic, partition }) => ({ topic, partition }));
    const partitions = owned.filter(({ topic }) => topic === plan.topic).length;
    return { ...names, ...counts, inFlight, queued: gate.tasks - inFlight, partitions, group: plan.group, owned };
  }

  cancel(): void {
    const { executor, pump } = this.#parts;
    executor.watch.cancel();
    pump.pump();
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  #take(share: PartitionShare, record: InboundRecord): void {
    const ticket = share.tracker.take(record.offset);
    if (ticket === alreadyTaken) return;
    const run = new TaskRun(share, ticket, record, laneOf(record, this.#parts.plan.stage.ordering));
    if (share.culprits.length > 0 && share.culprits.includes(record.offset)) run.standing = 'culprit';
    this.#parts.gate.took(share, run.bytes);
    if (this.#parts.hold.keep(run)) return;
    this.#parts.enter(run);
  }

  #durable(completions: readonly Completion[]): void {
    const { gate, pump, ownership } = this.#parts;
    for (const { run, last } of completions) {
      const { share } = run;
      if (!last || !share.live) continue;
      share.tracker.finish(run.ticket);
      gate.released(share, run.bytes);
      if (run.standing !== 'clear') ownership.survived(run);
    }
    gate.reviewPaused();
    pump.pump();
  }

  #buried({ run, row }: Death): void {
    const { plan, completions } = this.#parts;
    completions.add({ run, row, outputs: doneRecords(plan, run, openEnvelope(run), row), last: true });
  }

  /** Outputs that no broker takes kill their task; a row that none takes is left out. */
  #refused(completion: Completion, thrown: unknown): void {
    const { counts, executor, log } = this.#parts;
    if (completion.outputs.length > 0 && !isOver(completion)) {
      if (completion.row?.outcome === 'retry') counts.retried--;
      else if (completion.row?.outcome === 'ok') counts.done--;
      executor.refuse(completion.run, thrown);
      return;
    }
    log.error({ reason: messageOf(thrown), offset: completion.row?.offset }, 'an attempt row is refused');
    this.#durable([completion]);
  }

  #tick(): void {
    const now = performance.now();
    this.#parts.gate.tick(now - this.#tickedAt);
    if (now - this.#announcedAt >= announceEveryMs) this.#announce(now);
    this.#parts.ownership.tick(this.#members.shares, now, now - this.#tickedAt);
    this.#tickedAt = now;
    this.#parts.committer.tick(this.#members.shares);
  }

  #announce(now: number): void {
    this.#announcedAt = now;
    const { completions, executor } = this.#parts;
    if (completions.hasRoom && !completions.isSlow) executor.watch.announce();
  }

  async #stop(): Promise<void> {
    const { consumer, executor, pump, hold, committer, ownership, sender, log } = this.#parts;
    const { drainMs = defaultDrainMs } = this.#options;
    this.#taking = false;
    pump.close();
    hold.close();
    consumer.pause(this.#members.shares);
    await executor.running.empty(drainMs);
    executor.abortAll();
    await executor.running.empty(abortGraceMs);
    executor.close();
    await within(lastSendMs, this.#written());
    sender.close();
    clearInterval(this.#ticker);
    ownership.giveUp(this.#members.shares);
    await committer.commit(this.#members.shares);
    await consumer.stop();
    log.info({ ...this.#parts.counts }, 'stage stopped');
  }

  async #drain(limitMs: number): Promise<void> {
    await this.#parts.executor.running.empty(limitMs);
    await this.#written();
    await this.#parts.committer.commit(this.#members.shares);
  }

  /** In the order in which one adds to the next: a refused retry becomes a dead letter, whose row is a completion. */
  async #written(): Promise<void> {
    const { retries, deadLetters, completions } = this.#parts;
    for (const writer of [retries, deadLetters, completions]) await writer.idle();
  }

  #fail(thrown: unknown): void {
    if (this.#failed) return;
    this.#failed = true;
    const { pump, log } = this.#parts;
    this.#taking = false;
    pump.close();
    const error = thrown instanceof Error ? thrown : new PenstockError('PIPE_STAGE_RUNNER_FAILED', messageOf(thrown));
    log.error({ err: error }, 'the stage cannot go on');
    this.#options.onFailed(error);
  }
}

/** Given up before; all that is refused is the telling of it. */
const isOver = ({ row }: Completion): boolean =>
  row?.outcome === 'dead' || row?.outcome === 'cancelled' || row?.outcome === 'expired';

/** Records without a key have no order to keep. */
function laneOf(record: InboundRecord, ordering: Ordering): string | null {
  if (ordering === 'none') return null;
  if (ordering === 'partition') return '';
  return record.key === null ? null : record.key.toString();
}

async function within(limitMs: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, limitMs);
  });
  await Promise.race([work, limit]);
  clearTimeout(timer);
}
