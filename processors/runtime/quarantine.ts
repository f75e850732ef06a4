import type { TaskRun } from './task-run.ts';

export interface QuarantineStage {
  /** Resolves when a commit names the task as the one that runs, or, with null, that none does; or its partition is lost. */
  announce(run: TaskRun, offset: number | null): Promise<void>;
  /** The task may run now: it is handed in again. */
  admit(run: TaskRun): void;
}

interface Waiting {
  readonly run: TaskRun;
  readonly stage: QuarantineStage;
}

/**
 * One for all stages of a process. While tasks are suspected of having ended a process, one of them runs at a time, and
 * nothing else begins: if the process ends, it was that one.
 */
export class Quarantine {
  /** Suspects that were taken and have not ended. */
  #open = 0;
  readonly #suspects: Waiting[] = [];
  readonly #others: Waiting[] = [];
  #alone: TaskRun | null = null;

  /** Whether a task must wait. */
  keeps(run: TaskRun): boolean {
    return this.#open > 0 && run !== this.#alone;
  }

  /** A suspect was taken from its topic. */
  expect(): void {
    this.#open++;
  }

  /** It has no slot meanwhile. */
  wait(run: TaskRun, stage: QuarantineStage): void {
    (run.standing === 'suspect' ? this.#suspects : this.#others).push({ run, stage });
    if (this.#alone === null) this.#next();
  }

  /** A suspect waits for its time or its next attempt; it stays one, for others may stand behind it in its lane. */
  rested(run: TaskRun, stage: QuarantineStage): void {
    if (run === this.#alone) void stage.announce(run, null).then(() => this.#release(run));
  }

  /** A suspect is done with, and the process is still there. */
  ended(run: TaskRun, stage: QuarantineStage): void {
    this.#open--;
    if (run === this.#alone) void stage.announce(run, null).then(() => this.#release(run));
    else this.#next();
  }

  /** Partitions were lost, with so many open suspects; those of them that wait here are dropped in their turn. */
  forget(suspects: number): void {
    this.#open -= suspects;
    if (this.#alone !== null && !this.#alone.share.live) this.#release(this.#alone);
    else if (suspects > 0) this.#next();
  }

  #release(run: TaskRun): void {
    if (this.#alone !== run) return;
    this.#alone = null;
    this.#next();
  }

  #next(): void {
    if (this.#alone !== null) return;
    let next = this.#suspects.shift();
    while (next !== undefined && !next.run.share.live) next = this.#suspects.shift();
    if (next !== undefined) this.#begin(next);
    else if (this.#open === 0) for (const { run, stage } of this.#others.splice(0)) stage.admit(run);
  }

  #begin({ run, stage }: Waiting): void {
    this.#alone = run;
    void stage.announce(run, run.record.offset).then(() => stage.admit(run));
  }
}
