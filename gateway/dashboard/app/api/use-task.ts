import { useEffect, useState } from 'preact/hooks';
import { isHidden } from '../lib/refresh.ts';
import { isTerminal, stepsOf, type TaskStep } from '../lib/task-steps.ts';
import type { TaskDetail, TaskEvent } from './answers.ts';
import { openEvents, type StreamState } from './events.ts';
import { taskPath } from './paths.ts';
import { type Answer, useAnswer } from './use-answer.ts';

export interface FollowedTask {
  readonly answer: Answer<TaskDetail>;
  readonly steps: readonly TaskStep[];
  /** undefined: nobody recorded anything of it yet. */
  readonly state: string | undefined;
  readonly stream: StreamState;
}

const maxEvents = 1_000;

/** A task from the history and, until it has ended, live: what the history does not have yet comes from the stream. */
export function useTask(id: string): FollowedTask {
  const path = taskPath(id);
  const answer = useAnswer<TaskDetail>(path);
  const [events, setEvents] = useState<readonly TaskEvent[]>([]);
  const [end, setEnd] = useState<string | undefined>(undefined);
  const [stream, setStream] = useState<StreamState>('opening');
  const isAway = isHidden.value;
  useEffect(() => {
    setEvents([]);
    setEnd(undefined);
  }, [path]);
  useEffect(() => {
    if (isAway) return;
    return openEvents(`${path}/events`, {
      onEvent({ name, data }) {
        if (name === 'end') setEnd((data as Pick<TaskDetail, 'state'>).state);
        else if (name === 'attempt') setEvents((before) => [...before, data as TaskEvent].slice(-maxEvents));
      },
      onState: setStream,
    });
  }, [path, isAway]);
  const known = answer.isStale ? undefined : answer.data;
  const steps = stepsOf(known?.timeline ?? [], events);
  const told = known && isTerminal(known.state) ? known.state : end;
  const state =
    told ??
    (steps.at(-1)?.outcome === 'running' ? 'running' : known?.state) ??
    (steps.length > 0 ? 'queued' : undefined);
  return { answer, steps, state, stream };
}
