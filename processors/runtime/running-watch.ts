import type { Envelope } from '../../schemas/envelope.ts';
import { PenstockError } from '../../schemas/errors.ts';
import type { CancelMemory } from '../control/cancel-memory.ts';
import type { Progress } from '../stage.ts';
import { openEnvelope } from './open-envelope.ts';
import type { RunningList } from './running-list.ts';
import type { TaskEndings } from './task-endings.ts';
import type { Execution } from './task-run.ts';

export interface RunningWatchOptions {
  readonly running: RunningList;
  readonly endings: TaskEndings;
  readonly cancels: CancelMemory;
  readonly pipeline: string;
  now(): number;
}

/** Shorter attempts leave one row, at their end. */
const announceAfterMs = 1_000;

/** Looks after what runs from outside: says of long attempts that they run, and ends those of cancelled tasks. */
export class RunningWatch {
  readonly #options: RunningWatchOptions;

  constructor(options: RunningWatchOptions) {
    this.#options = options;
  }

  isCancelled(envelope: Envelope): boolean {
    const { cancels, pipeline } = this.#options;
    return cancels.size > 0 && cancels.covers(envelope, pipeline);
  }

  /** One row at first, and one for each change of the progress since the last call. */
  announce(): void {
    const { running, endings, now } = this.#options;
    const at = now();
    for (const execution of running.startedBy(at - announceAfterMs)) {
      const { run, context, startedAt, announced } = execution;
      const { lastProgress: progress } = context;
      if (announced !== null && isSame(announced, progress)) continue;
      execution.announced = progress;
      endings.running(run, openEnvelope(run), startedAt, attrsOf(progress));
    }
  }

  /** As after a timeout: handlers are told, their results count for nothing, and whatever they still do is not waited for. */
  cancel(): void {
    const { running, endings } = this.#options;
    const reason = new PenstockError('PIPE_TASK_CANCELLED', 'the task was cancelled');
    for (const execution of running.all()) {
      const { run, context, startedAt } = execution;
      const envelope = openEnvelope(run);
      if (context.aborted || !this.isCancelled(envelope) || !running.remove(execution)) continue;
      context.abandon(reason);
      endings.cancelled(run, envelope, startedAt);
    }
  }
}

const isSame = (one: Execution['announced'], other: Progress): boolean =>
  one?.fraction === other.fraction && one?.note === other.note;

function attrsOf({ fraction, note }: Progress): Record<string, string> {
  return {
    ...(fraction === undefined ? {} : { progress: String(fraction) }),
    ...(note === undefined ? {} : { note }),
  };
}
