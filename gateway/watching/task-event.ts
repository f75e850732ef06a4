import type { TaskEvent } from '../../client/types.ts';
import type { Attempt, AttemptBatch } from '../../schemas/generated/attempt-batch.ts';
import type { EndState } from '../../schemas/task-ending.ts';
import type { TaskDetail, TimelineEntry } from '../history/history.ts';

export type { TaskEvent } from '../../client/types.ts';

const ends: Readonly<Record<string, EndState>> = {
  ok: 'succeeded',
  dead: 'dead',
  cancelled: 'cancelled',
  expired: 'expired',
};

export function eventOfRow(batch: AttemptBatch, row: Attempt): TaskEvent {
  const { pipeline, stage, topic, worker } = batch;
  const { taskId: id, outcome, attempt, queueMs, runMs, errorCode, errorMessage, nextStage, attrs } = row;
  const state = nextStage === '' ? ends[outcome] : undefined;
  return {
    id,
    ...{ pipeline, stage, outcome, attempt },
    time: new Date(row.eventTime).toISOString(),
    ...{ queueMs, runMs, worker },
    place: `${topic}/${row.partition}/${row.offset}`,
    ...(errorCode !== '' && { errorCode, errorMessage }),
    ...(attrs.progress !== undefined && { progress: Number(attrs.progress) }),
    ...(attrs.note !== undefined && { note: attrs.note }),
    ...(nextStage !== '' && { nextStage }),
    ...(state !== undefined && { state }),
  };
}

/** An entry of a timeline does not say what came after it; the task's state does, for the last. */
export function eventsOfHistory(task: TaskDetail): TaskEvent[] {
  const lastOfState = task.timeline.findLastIndex(({ outcome }) => ends[outcome] === task.state);
  return task.timeline.map((entry, index) => eventOfEntry(task, entry, index === lastOfState));
}

function eventOfEntry(task: TaskDetail, entry: TimelineEntry, isEnd: boolean): TaskEvent {
  const { stage, outcome, attempt, time, queueMs, runMs, worker, errorCode, errorMessage, progress, note, nextStage } =
    entry;
  const state = isEnd ? ends[outcome] : undefined;
  return {
    id: task.id,
    ...{ pipeline: task.pipeline, stage, outcome, attempt, time, queueMs, runMs, worker },
    place: `${entry.topic}/${entry.partition}/${entry.offset}`,
    ...(errorCode !== '' && { errorCode, errorMessage }),
    ...(progress !== undefined && { progress }),
    ...(note !== undefined && { note }),
    ...(nextStage !== undefined && { nextStage }),
    ...(state !== undefined && { state }),
  };
}

/** The same for a row, however it came. */
export const eventKey = ({ outcome, attempt, place, time }: TaskEvent): string =>
  `${place} ${outcome} ${attempt} ${time}`;
