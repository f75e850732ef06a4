import { useEffect, useRef, useState } from 'preact/hooks';
import type { TaskEvent } from '../api/answers.ts';
import { openEvents, type StreamState } from '../api/events.ts';
import { pipelinePath } from '../api/paths.ts';
import { countOf, formatCount, formatExact } from '../lib/format.ts';
import { isHidden } from '../lib/refresh.ts';
import { zone } from '../lib/settings.ts';
import { addToTail, emptyTail, type Tail } from '../lib/tail.ts';
import { Panel } from './panel.tsx';
import { StateBadge } from './state-badge.tsx';
import { TaskLink } from './task-link.tsx';

export interface LiveTailProps {
  readonly pipeline: string;
  readonly stage: string;
  /** Only ids that contain it. */
  readonly search: string;
}

const maxShown = 100;
/** Often enough to look live, seldom enough to be read. */
const paintMs = 400;

const stateWords: Readonly<Record<StreamState, string>> = {
  ...{ opening: 'connecting', open: 'listening', lost: 'connection lost, trying again', over: 'not available' },
};

/** What happens at this moment. It says how much it did not show, and when it was not listening. */
export function LiveTail({ pipeline, stage, search }: LiveTailProps) {
  const { tail, state, breaks, isStill, hold } = useTail(pipeline, stage, search);
  return (
    <Panel
      title="Live"
      isFlush
      hint={isStill ? 'held; what comes is counted' : stateWords[state]}
      actions={
        <button type="button" class="button" aria-pressed={isStill} onClick={hold}>
          {isStill ? 'Go on' : 'Hold'}
        </button>
      }
    >
      <p class="tail-facts num" role="status">
        {formatCount(tail.seen)} seen · {formatCount(tail.skipped)} skipped, too fast to be shown
        {breaks > 0 && ` · ${countOf(breaks, 'break')} in which nothing was heard`}
      </p>
      <section class="table-scroll tail" aria-label="Live attempts">
        <table class="table fixed-table">
          <tbody>
            {tail.items.map(({ key, item }) => (
              <tr key={key}>
                <td class="w-time num">{formatExact(Date.parse(item.time), zone.value)}</td>
                <td class="w-stage clip">{item.stage}</td>
                <td class="w-stage">
                  <StateBadge state={item.outcome} />
                </td>
                <td class="w-id">
                  <TaskLink id={item.id} />
                </td>
                <td class="clip">
                  <bdi>{item.errorMessage ?? item.note}</bdi>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </Panel>
  );
}

function useTail(pipeline: string, stage: string, search: string) {
  const [tail, setTail] = useState<Tail<TaskEvent>>(emptyTail);
  const [state, setState] = useState<StreamState>('opening');
  const [breaks, setBreaks] = useState(0);
  const [isStill, setStill] = useState(false);
  const still = useRef(false);
  still.current = isStill;
  const isAway = isHidden.value;
  useEffect(() => setTail(emptyTail), [pipeline, stage, search]);
  useEffect(() => {
    if (isAway) return setBreaks((before) => before + 1);
    let arrived: TaskEvent[] = [];
    let count = 0;
    const stop = openEvents(pipelinePath(pipeline, 'events', { stage }), {
      onEvent({ data }) {
        const event = data as TaskEvent;
        if (!event.id.includes(search)) return;
        count += 1;
        if (still.current) return;
        if (arrived.length >= 2 * maxShown) arrived = arrived.slice(-maxShown);
        arrived.push(event);
      },
      onState(next) {
        setState(next);
        if (next === 'lost') setBreaks((before) => before + 1);
      },
    });
    const timer = setInterval(() => {
      if (count === 0) return;
      const [items, seen] = [arrived, count];
      arrived = [];
      count = 0;
      setTail((before) => addToTail(before, items, seen, maxShown));
    }, paintMs);
    return () => {
      stop();
      clearInterval(timer);
    };
  }, [pipeline, stage, search, isAway]);
  return { tail, state, breaks, isStill, hold: () => setStill(!isStill) };
}
