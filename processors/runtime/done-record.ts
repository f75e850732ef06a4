import type { Envelope } from '../../schemas/envelope.ts';
import type { Attempt } from '../../schemas/generated/attempt-batch.ts';
import { cloudEventsType, type EndState, type TaskEnding, writeTaskEnding } from '../../schemas/task-ending.ts';
import type { OutboundRecord } from '../../topics/ports.ts';
import type { TaskResult } from './read-result.ts';
import type { StagePlan } from './stage-plan.ts';
import type { TaskRun } from './task-run.ts';

/** What a task that went well left besides its row. */
export interface DoneDetails {
  readonly children?: number;
  readonly result?: TaskResult | undefined;
}

const states: Partial<Record<Attempt['outcome'], EndState>> = {
  ok: 'succeeded',
  dead: 'dead',
  cancelled: 'cancelled',
  expired: 'expired',
};

const nobodyAsks: readonly OutboundRecord[] = [];

/** The record that tells of the task's end, or none where nobody wants it. */
export function doneRecords(
  plan: StagePlan,
  run: TaskRun,
  envelope: Envelope,
  row: Attempt,
  details: DoneDetails = {},
): readonly OutboundRecord[] {
  const state = states[row.outcome];
  if (state === undefined || row.nextStage !== '' || !(plan.tellsAll || envelope.watched === true)) return nobodyAsks;
  const ending = endingOf(plan, envelope, row, state, details);
  const place = `${run.share.topic}/${row.partition}/${row.offset}`;
  // Its tree has one partition, in the order in which it ended.
  return [
    {
      topic: plan.doneTopic,
      key: ending.root,
      value: writeTaskEnding(ending, place),
      headers: { 'content-type': cloudEventsType },
    },
  ];
}

function endingOf(
  plan: StagePlan,
  envelope: Envelope,
  row: Attempt,
  state: EndState,
  { children = 0, result }: DoneDetails,
): TaskEnding {
  const { id, parent, root, tenant } = envelope;
  return {
    id,
    pipeline: plan.pipeline,
    stage: plan.stage.name,
    state,
    submittedAt: isoTime(envelope.at ?? row.eventTime),
    finishedAt: isoTime(row.eventTime),
    attempts: row.attempt,
    ...(tenant === undefined ? {} : { tenant }),
    ...(parent === undefined ? {} : { parent }),
    root: root ?? parent ?? id,
    ...(children === 0 ? {} : { children }),
    ...(result === undefined ? {} : { result: result.value }),
    ...(result?.blob === undefined ? {} : { blob: result.blob }),
    ...(row.errorCode === '' ? {} : { error: { code: row.errorCode, message: row.errorMessage } }),
  };
}

const isoTime = (epochMs: number): string => new Date(epochMs).toISOString();
