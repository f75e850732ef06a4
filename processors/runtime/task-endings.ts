import type { Envelope } from '../../schemas/envelope.ts';
import { attemptRow } from './attempt-rows.ts';
import type { CompletionWriter } from './completion-writer.ts';
import type { DeadLetterWriter } from './dead-letter-writer.ts';
import type { LaneScheduler } from './lanes.ts';
import type { HandedOn } from './output-encoder.ts';
import { classifyFailure, decideRetry, type Failure } from './retry-decision.ts';
import { retryRecord } from './retry-record.ts';
import type { StageCounts } from './stage-counts.ts';
import type { StagePlan } from './stage-plan.ts';
import type { TaskRun } from './task-run.ts';

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

  /** Another attempt in place, one after a delay, or the dead letters. */
  failed(run: TaskRun, envelope: Envelope, thrown: unknown, startedAt: number): void {
    const { plan, random, now } = this.#options;
    const failure = classifyFailure(thrown);
    const verdict = decideRetry(failure, run.attempt, plan.stage.retry, random);
    const endedAt = now();
    const failed = { startedAt, endedAt, failure };
    if (run.firstFailedAt === 0) run.firstFailedAt = endedAt;
    const until = endedAt + ('delayMs' in verdict ? verdict.delayMs : 0);
    if (verdict.kind === 'retry') this.#retry(run, envelope, failed, until);
    else if (verdict.kind === 'delay') this.#delay(run, envelope, failed, verdict.index, until);
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

  #retry(run: TaskRun, envelope: Envelope, failed: FailedAttempt, until: number): void {
    const { completions, counts, wait } = this.#options;
    const ending = { outcome: 'retry', ...failed, ...nothingOut } as const;
    counts.retried++;
    completions.add({ run, row: attemptRow(run, envelope, ending), outputs: [], last: false });
    run.attempt++;
    wait(run, until);
  }

  /** Its row names the stage itself as the next: the task goes on, and this record of it is done with. */
  #delay(run: TaskRun, envelope: Envelope, failed: FailedAttempt, index: number, until: number): void {
    const { plan, scheduler, retries, counts } = this.#options;
    const topic = plan.retryTopics[index]?.topic ?? plan.topic;
    const ending = { outcome: 'retry', ...failed, bytesOut: 0, nextStage: plan.stage.name } as const;
    run.detach();
    scheduler.finish(run);
    counts.retried++;
    const next = { topic, attempt: run.attempt + 1, notBefore: until, failedAt: run.firstFailedAt };
    const output = retryRecord(run, envelope, next);
    retries.add({ run, row: attemptRow(run, envelope, ending), outputs: [output], last: true });
  }
}

interface FailedAttempt {
  readonly startedAt: number;
  readonly endedAt: number;
  readonly failure: Failure;
}

const nothingOut = { bytesOut: 0, nextStage: '' } as const;
