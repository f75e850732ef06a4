import type { Envelope } from '../../schemas/envelope.ts';
import type { Attempt, Outcome } from '../../schemas/generated/attempt-batch.ts';
import { errorFingerprint } from './error-fingerprint.ts';
import type { Failure } from './retry-decision.ts';
import type { TaskRun } from './task-run.ts';

/** How one execution ended. */
export interface Ending {
  readonly outcome: Outcome;
  /** When process() was called; equals endedAt where nothing ran. */
  readonly startedAt: number;
  readonly endedAt: number;
  readonly bytesOut: number;
  readonly nextStage: string;
  readonly failure: Failure | null;
  readonly attrs?: Readonly<Record<string, string>>;
}

const noAttrs: Readonly<Record<string, string>> = {};

export function attemptRow(run: TaskRun, envelope: Envelope, ending: Ending): Attempt {
  const { record, share } = run;
  const { failure, startedAt, endedAt } = ending;
  const firstStartedAt = run.firstStartedAt === 0 ? startedAt : run.firstStartedAt;
  return {
    // Never before its own record was written: by a slow clock the last stage would seem to end before the one before it.
    eventTime: Math.max(endedAt, record.timestampMs),
    startedAt,
    submittedAt: envelope.at ?? record.timestampMs,
    outcome: ending.outcome,
    taskId: envelope.id,
    parentId: envelope.parent ?? '',
    tenant: envelope.tenant ?? '',
    attempt: run.attempt,
    queueMs: Math.max(0, firstStartedAt - record.timestampMs),
    runMs: Math.max(0, endedAt - startedAt),
    bytesIn: record.value?.length ?? 0,
    bytesOut: ending.bytesOut,
    errorCode: failure?.code ?? '',
    errorFingerprint: failure === null ? '' : errorFingerprint(failure.code, failure.message),
    errorMessage: failure?.message ?? '',
    partition: share.partition,
    offset: record.offset,
    nextStage: ending.nextStage,
    replayId: envelope.replay ?? '',
    traceId: envelope.trace?.slice(3, 35) ?? '',
    attrs: ending.attrs ?? noAttrs,
  };
}
