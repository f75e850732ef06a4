import type { Envelope } from '../../schemas/envelope.ts';
import type { Progress, StageContext, Task } from '../stage.ts';
import { noProgress, readProgress } from './read-progress.ts';
import type { StageEnvironment } from './task-context.ts';
import { type Abortable, Execution, type TaskRun } from './task-run.ts';

/** One call of processBatch: the tasks in it, and the signal that they share. */
export class Batch {
  readonly context: StageContext;
  readonly members = new Map<Task<unknown>, BatchMember>();
  readonly #controller = new AbortController();
  readonly #onOver: () => void;
  #open = 0;
  progress = noProgress;

  /** `onOver` is called once, when no task of the batch is under way any more. */
  constructor({ log, blobs }: StageEnvironment, onOver: () => void) {
    const progress = (given: Progress): void => {
      this.progress = readProgress(given);
    };
    this.context = { signal: this.#controller.signal, log, blobs, progress };
    this.#onOver = onOver;
  }

  join(task: Task<unknown>, run: TaskRun, envelope: Envelope, startedAt: number): BatchMember {
    const member = new BatchMember(this, run, envelope, startedAt);
    this.members.set(task, member);
    this.#open++;
    return member;
  }

  /** Before any of its tasks is dealt with: the next of a lane must not begin while the handler knows nothing. */
  abort(reason: Error): void {
    this.#controller.abort(reason);
  }

  /** One task less; the handler hears the reason for which the last one left. */
  left(reason: Error | undefined): void {
    this.#open--;
    if (this.#open > 0) return;
    this.#onOver();
    if (reason !== undefined) this.#controller.abort(reason);
  }
}

/** A task in a batch. It is given up alone where its partition is lost, and the others go on. */
export class BatchMember implements Abortable {
  readonly envelope: Envelope;
  readonly execution: Execution;
  readonly #batch: Batch;
  #isOpen = true;
  aborted = false;

  constructor(batch: Batch, run: TaskRun, envelope: Envelope, startedAt: number) {
    this.#batch = batch;
    this.envelope = envelope;
    this.execution = new Execution(run, this, startedAt);
  }

  get lastProgress(): Progress {
    return this.#batch.progress;
  }

  abort(reason: Error): void {
    this.aborted = true;
    this.#batch.abort(reason);
    this.leave();
  }

  abandon(reason: Error): void {
    this.aborted = true;
    this.leave(reason);
  }

  /** It has its result, or needs none. */
  leave(reason?: Error): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#batch.left(reason);
  }
}
