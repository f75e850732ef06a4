import type { Envelope } from '../../schemas/envelope.ts';
import { attemptRow, type Ending } from './attempt-rows.ts';
import type { CompletionWriter } from './completion-writer.ts';
import type { DeadLetterWriter } from './dead-letter-writer.ts';
import { doneRecords } from './done-record.ts';
import type { LaneScheduler } from './lanes.ts';
import type { HandedOn } from './output-encoder.ts';
import type { TaskResult } from './read-result.ts';
import { classifyFailure, decideRetry, type Failure, type Verdict } from './retry-decision.ts';
import { type NextAttempt, retryRecord } from './retry-record.ts';
import type { StageCounts } from './stage-counts.ts';
import type { StagePlan } from './stage-plan.ts';
import type { TaskRun } from './task-run.ts';
import { waitingTopic } from './waiting-topic.ts';

export interface TaskEndingsOptions {
  readonly plan: StagePlan;
  readonly scheduler: LaneScheduler<TaskRun>;
  readonly completions: CompletionWriter;
  readonly retries: CompletionWriter;
  readonly deadLetters: DeadLetterWriter;
  readonly counts: StageCounts;
  now(): number;
  random(): number;
  /** Keeps the task's lane, gives up its slot, runs it again at that time. */
  wait(run: TaskRun, until: number): void;
}

/** The ways an execution ends. Each frees the task's slot, leaves a row, and says what has to be durable first. */
export class TaskEndings {
  readonly #options: TaskEndingsOptions;

  constructor(options: TaskEndingsOptions) {
    this.#options = options;
  }

  succeeded(run: TaskRun, envelope: Envelope, outputs: HandedOn, startedAt: number): void {
    const { plan, scheduler, completions, counts, now } = this.#options;
    const { bytes: bytesOut, nextStage, records, result } = outputs;
    const attrs = result === undefined ? {} : { attrs: resultAttrs(result) };
    const ending = { outcome: 'ok', startedAt, endedAt: now(), bytesOut, nextStage, failure: null, ...attrs } as const;
    scheduler.finish(run);
    counts.done++;
    const row = attemptRow(run, envelope, ending);
    const told = nextStage === '' ? doneRecords(plan, run, envelope, row, outputs) : [];
    completions.add({ run, row, outputs: told.length === 0 ? records : [...records, ...told], last: true });
  }

  /** Its time was over before it ran. */
  expired(run: TaskRun, envelope: Envelope, at: number): void {
    this.#options.counts.expired++;
    this.#endUnfinished(run, envelope, 'expired', at, at);
  }

  /** Before it ran, or while it did; nothing of what it was to hand on is kept. */
  cancelled(run: TaskRun, envelope: Envelope, startedAt: number): void {
    this.#options.counts.cancelled++;
    this.#endUnfinished(run, envelope, 'cancelled', startedAt, this.#options.now());
  }

  /** It has run for a while and runs on. */
  running(run: TaskRun, envelope: Envelope, startedAt: number, attrs: Readonly<Record<string, string>>): void {
    const { completions, now } = this.#options;
    const ending = { outcome: 'running', startedAt, endedAt: now(), ...nothingOut, failure: null, attrs } as const;
    completions.add({ run, row: attemptRow(run, envelope, ending), outputs: [], last: false });
  }

  /** Its time is so far off that its partition's commit must not wait for it: over a retry topic, as often as it takes. */
  postponed(run: TaskRun, envelope: Envelope, notBefore: number, at: number): void {
    const { plan } = this.#options;
    const topic = waitingTopic(plan, { kind: 'move', delayMs: notBefore - at });
    const ending = { outcome: 'skipped', startedAt: at, endedAt: at, ...backToItself(plan), failure: null } as const;
    this.#leave(run, envelope, ending, { topic, attempt: run.attempt, notBefore });
  }

  /** Another attempt, in place or elsewhere, or the dead letters. */
  failed(run: TaskRun, envelope: Envelope, thrown: unknown, startedAt: number): void {
    const { plan, random, now } = this.#options;
    const endedAt = now();
    const { attempt } = run;
    const requeued = envelope.requeued ?? 0;
    const heldMs = run.firstStartedAt === 0 ? 0 : endedAt - run.firstStartedAt;
    const failure = classifyFailure(thrown);
    const verdict = decideRetry(failure, { attempt, requeued, heldMs }, plan.stage.retry, random);
    if (verdict.kind === 'dead') {
      this.dead(run, envelope, verdict.failure, startedAt, endedAt);
      return;
    }
    const failed = { startedAt, endedAt, failure };
    const until = endedAt + verdict.delayMs;
    if (verdict.kind === 'retry') this.#retry(run, envelope, failed, until);
    else if (verdict.kind === 'requeue') this.#requeue(run, envelope, failed, verdict);
    else this.#delay(run, envelope, failed, verdict);
  }

  dead(run: TaskRun, envelope: Envelope, failure: Failure, startedAt: number, endedAt: number): void {
    const { scheduler, deadLetters, counts } = this.#options;
    const ending = { outcome: 'dead', startedAt, endedAt, ...nothingOut, failure } as const;
    run.detach();
    scheduler.finish(run);
    counts.failed++;
    deadLetters.add({ run, failure, row: attemptRow(run, envelope, ending) });
  }

  #endUnfinished(
    run: TaskRun,
    envelope: Envelope,
    outcome: 'expired' | 'cancelled',
    startedAt: number,
    endedAt: number,
  ): void {
    const { plan, scheduler, completions } = this.#options;
    const row = attemptRow(run, envelope, { outcome, startedAt, endedAt, ...nothingOut, failure: null });
    scheduler.finish(run);
    completions.add({ run, row, outputs: doneRecords(plan, run, envelope, row), last: true });
  }

  #retry(run: TaskRun, envelope: Envelope, failed: FailedAttempt, until: number): void {
    const { completions, counts, wait } = this.#options;
    const ending = { outcome: 'retry', ...failed, ...nothingOut } as const;
    if (run.firstFailedAt === 0) run.firstFailedAt = failed.endedAt;
    counts.retried++;
    completions.add({ run, row: attemptRow(run, envelope, ending), outputs: [], last: false });
    run.attempt++;
    wait(run, until);
  }

  #delay(run: TaskRun, envelope: Envelope, failed: FailedAttempt, verdict: VerdictOf<'delay' | 'move'>): void {
    if (run.firstFailedAt === 0) run.firstFailedAt = failed.endedAt;
    this.#comeBack(run, envelope, failed, verdict, { attempt: run.attempt + 1, failedAt: run.firstFailedAt });
  }

  #requeue(run: TaskRun, envelope: Envelope, failed: FailedAttempt, verdict: VerdictOf<'requeue'>): void {
    const requeued = (envelope.requeued ?? 0) + 1;
    this.#comeBack(run, envelope, failed, verdict, { attempt: run.attempt, requeued });
  }

  #comeBack(
    run: TaskRun,
    envelope: Envelope,
    failed: FailedAttempt,
    verdict: VerdictOf<'delay' | 'move' | 'requeue'>,
    history: Omit<NextAttempt, 'topic' | 'notBefore'>,
  ): void {
    const { plan } = this.#options;
    const ending = { outcome: 'retry', ...failed, ...backToItself(plan) } as const;
    const notBefore = failed.endedAt + verdict.delayMs;
    this.#leave(run, envelope, ending, { topic: waitingTopic(plan, verdict), notBefore, ...history });
  }

  /** The task goes on as another record, and this one of it is done with; its row names the stage itself as the next. */
  #leave(run: TaskRun, envelope: Envelope, ending: Ending, next: NextAttempt): void {
    const { scheduler, retries, counts } = this.#options;
    run.detach();
    scheduler.finish(run);
    if (ending.outcome === 'retry') counts.retried++;
    const output = retryRecord(run, envelope, next);
    retries.add({ run, row: attemptRow(run, envelope, ending), outputs: [output], last: true });
  }
}

type VerdictOf<Kind extends Verdict['kind']> = Extract<Verdict, { readonly kind: Kind }>;

interface FailedAttempt {
  readonly startedAt: number;
  readonly endedAt: number;
  readonly failure: Failure;
}

/** Under these names the history keeps what `result()` gave. */
const resultAttrs = ({ json, blob }: TaskResult): Record<string, string> =>
  blob === undefined ? { result: json } : { result: json, blob: JSON.stringify(blob) };

const nothingOut = { bytesOut: 0, nextStage: '' } as const;
const backToItself = ({ stage }: StagePlan) => ({ bytesOut: 0, nextStage: stage.name });
