import type { Envelope } from '../../schemas/envelope.ts';
import { PenstockError } from '../../schemas/errors.ts';
import type { BatchStage } from '../stage.ts';
import { Batch, type BatchMember } from './batch.ts';
import { type BatchResults, readBatchResults } from './batch-results.ts';
import { isThenable, promiseOf } from './pending.ts';
import type { TaskEndings } from './task-endings.ts';
import { TaskExecutor, type TaskExecutorOptions } from './task-executor.ts';
import { type PartitionShare, type TaskRun, viewTask } from './task-run.ts';

/** A task that waits for company; it holds a slot and its lane. */
interface Gathered {
  readonly run: TaskRun;
  readonly envelope: Envelope;
  readonly payload: unknown;
}

/**
 * Gathers tasks and calls `processBatch`. Tasks are gathered only while fewer than `concurrency` batches are out; as no two
 * of a lane run at once, none of a lane are in one batch. In the running list each task of a batch stands by
 * itself: it is answered, timed out and lost like any other.
 */
export class BatchExecutor extends TaskExecutor {
  readonly #options: TaskExecutorOptions;
  readonly #stage: BatchStage<unknown>;
  #gathered: Gathered[] = [];
  /** Batches out. */
  #inFlight = 0;
  #timer: NodeJS.Timeout | undefined;
  /** What is gathered has waited for as long as it may. */
  #isDue = false;
  /** Lanes become free one by one: what follows in them goes out together. */
  #isSettling = false;

  constructor(
    options: TaskExecutorOptions,
    stage: BatchStage<unknown>,
    makeEndings: (wait: (run: TaskRun, until: number) => void) => TaskEndings,
  ) {
    super(options, makeEndings);
    this.#options = options;
    this.#stage = stage;
  }

  /** False: start no more tasks until a batch is over. */
  get hasRoom(): boolean {
    return this.#inFlight < this.#stage.concurrency;
  }

  /** Nothing more can run now: gives out what is gathered, or lets it wait for a while. True: it was given out. */
  ranDry(): boolean {
    const { maxWaitMs } = this.#stage.batch;
    if (this.#gathered.length === 0 || this.#isSettling) return false;
    if (this.#isDue || maxWaitMs === 0 || this.#waitsForItself()) {
      this.#giveOut();
      return true;
    }
    this.#timer ??= setTimeout(() => {
      this.#isDue = true;
      this.#options.onFree();
    }, maxWaitMs);
    return false;
  }

  override abandon(share: PartitionShare): void {
    const lost = this.#gathered.filter(({ run }) => run.share === share);
    for (const { run } of lost) this.#options.scheduler.finish(run);
    if (lost.length > 0) this.#keep(this.#gathered.filter(({ run }) => run.share !== share));
    super.abandon(share);
  }

  override close(): void {
    this.#keep([]);
    super.close();
  }

  protected override execute(run: TaskRun, envelope: Envelope, payload: unknown): void {
    this.#gathered.push({ run, envelope, payload });
    this.detachLater(run);
    // A suspect runs alone: no company can come, and what was gathered before it stays behind.
    if (this.#gathered.length >= this.#stage.batch.maxSize || run.standing === 'suspect') this.#giveOut();
  }

  /** No other batch is out whose end could free a lane, and what could run stands behind what is gathered. */
  #waitsForItself(): boolean {
    return this.#inFlight === 0 && this.#gathered.some(({ run }) => run.laneNext !== null);
  }

  #keep(gathered: Gathered[]): void {
    this.#gathered = gathered;
    if (gathered.length > 0) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#isDue = false;
  }

  #giveOut(): void {
    const gathered = this.#gathered;
    this.#keep([]);
    const now = this.#options.now();
    const batch = new Batch(this.#options.environment, () => {
      this.#inFlight--;
    });
    for (const each of gathered) this.#join(batch, each, now);
    if (batch.members.size === 0) return;
    this.#inFlight++;
    this.#call(batch);
  }

  #join(batch: Batch, { run, envelope, payload }: Gathered, now: number): void {
    if (this.keptBack(run)) return;
    if (this.watch.isCancelled(envelope)) {
      this.cancelled(run, envelope, now);
      return;
    }
    if (envelope.expiresAt !== undefined && envelope.expiresAt <= now) {
      this.expired(run, envelope, now);
      return;
    }
    if (run.firstStartedAt === 0) run.firstStartedAt = now;
    const task = viewTask(run, envelope, this.#options.plan.pipeline, this.#stage, payload);
    this.running.add(batch.join(task, run, envelope, now).execution);
  }

  #call(batch: Batch): void {
    let returned: unknown;
    try {
      returned = this.#stage.processBatch([...batch.members.keys()], batch.context);
    } catch (thrown) {
      this.#threwAll(batch, thrown);
      return;
    }
    if (!isThenable(returned)) {
      this.#returned(batch, returned);
      return;
    }
    promiseOf(returned).then(
      (results) => this.#returned(batch, results),
      (thrown) => this.#threwAll(batch, thrown),
    );
  }

  #returned(batch: Batch, returned: unknown): void {
    let results: BatchResults<BatchMember>;
    try {
      results = readBatchResults(returned, batch.members);
    } catch (thrown) {
      this.#threwAll(batch, thrown);
      return;
    }
    this.#warnOf(batch, results);
    this.#settleAll(batch, (member) => this.#answer(member, results));
  }

  #settleAll(batch: Batch, settle: (member: BatchMember) => void): void {
    const isInner = this.#isSettling;
    this.#isSettling = true;
    for (const member of batch.members.values()) settle(member);
    this.#isSettling = isInner;
    this.#options.onFree();
  }

  #answer(member: BatchMember, { answers }: BatchResults<BatchMember>): void {
    const { execution, envelope } = member;
    const answer = answers.get(member) ?? { kind: 'failed', error: missing() };
    if (answer.kind === 'failed') this.threw(execution, envelope, answer.error);
    else {
      const streaming = this.answered(execution, envelope, answer.outputs);
      if (streaming !== undefined) {
        void streaming.then(() => this.#streamed(member));
        return;
      }
    }
    member.leave();
  }

  #streamed(member: BatchMember): void {
    member.leave();
    this.#options.onFree();
  }

  #threwAll(batch: Batch, thrown: unknown): void {
    this.#settleAll(batch, (member) => {
      this.threw(member.execution, member.envelope, thrown);
      member.leave();
    });
  }

  #warnOf(batch: Batch, { ignored }: BatchResults<BatchMember>): void {
    if (ignored === 0) return;
    const context = { ignored, tasks: batch.members.size };
    this.#options.environment.log.warn(
      context,
      'results ignored: no result, a foreign task, or a second one of a task',
    );
  }
}

function missing(): PenstockError {
  return new PenstockError('PIPE_STAGE_RESULT_MISSING', 'processBatch() gave no result for this task');
}
