import type { Envelope } from '../../schemas/envelope.ts';
import { attemptRow } from './attempt-rows.ts';
import type { CompletionWriter } from './completion-writer.ts';
import type { DeadLetterWriter } from './dead-letter-writer.ts';
import type { LaneScheduler } from './lanes.ts';
import type { HandedOn } from './output-encoder.ts';
import { classifyFailure, decideRetry, type Failure } from './retry-decision.ts';
import type { StageCounts } from './stage-counts.ts';
import type { StagePlan } from './stage-plan.ts';
import type { TaskRun } from './task-run.ts';

export interface TaskEndingsOptions {
  readonly plan: StagePlan;
  readonly scheduler: LaneScheduler<TaskRun>;
  readonly completions: CompletionWriter;
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
    const { scheduler, completions, counts, now } = this.#options;
    const { bytes: bytesOut, nextStage } = outputs;
    const ending = { outcome: 'ok', startedAt, endedAt: now(), bytesOut, nextStage, failure: null } as const;
    scheduler.finish(run);
    counts.done++;
    completions.add({ run, row: attemptRow(run, envelope, ending), outputs: outputs.records, last: true });
  }

  /** Its time was over before it ran. */
  expired(run: TaskRun, envelope: Envelope, at: number): void {
    const { scheduler, completions, counts } = this.#options;
    const ending = { outcome: 'expired', startedAt: at, endedAt: at, ...nothingOut, failure: null } as const;
    scheduler.finish(run);
    counts.expired++;
    completions.add({ run, row: attemptRow(run, envelope, ending), outputs: [], last: true });
  }

  /** Another attempt in place, or the dead letters. */
  failed(run: TaskRun, envelope: Envelope, thrown: unknown, startedAt: number): void {
    const { plan, random, now } = this.#options;
    const failure = classifyFailure(thrown);
    const verdict = decideRetry(failure, run.attempt, plan.stage.retry, random);
    const endedAt = now();
    if (verdict.kind === 'retry') this.#retry(run, envelope, failure, startedAt, endedAt, verdict.delayMs);
    else this.dead(run, envelope, failure, startedAt, endedAt);
  }

  dead(run: TaskRun, envelope: Envelope, failure: Failure, startedAt: number, endedAt: number): void {
    const { scheduler, deadLetters, counts } = this.#options;
    const ending = { outcome: 'dead', startedAt, endedAt, ...nothingOut, failure } as const;
    run.detach();
    scheduler.finish(run);
    counts.failed++;
    deadLetters.add({ run, failure, row: attemptRow(run, envelope, ending) });
  }

  #retry(
    run: TaskRun,
    envelope: Envelope,
    failure: Failure,
    startedAt: number,
    endedAt: number,
    delayMs: number,
  ): void {
    const { completions, counts, wait } = this.#options;
    const ending = { outcome: 'retry', startedAt, endedAt, ...nothingOut, failure } as const;
    if (run.firstFailedAt === 0) run.firstFailedAt = endedAt;
    counts.retried++;
    completions.add({ run, row: attemptRow(run, envelope, ending), outputs: [], last: false });
    run.attempt++;
    wait(run, endedAt + delayMs);
  }
}

const nothingOut = { bytesOut: 0, nextStage: '' } as const;
