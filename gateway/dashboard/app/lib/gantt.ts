import type { TaskStep } from './task-steps.ts';

/** One attempt, or the wait for one, on the axis of time. Shares of the whole: 0 to 1. */
export interface GanttBar {
  readonly stage: string;
  /** 0: none began yet. */
  readonly attempt: number;
  readonly outcome: string;
  readonly left: number;
  readonly queue: number;
  readonly run: number;
  readonly queueMs: number;
  readonly runMs: number;
  readonly progress: number | undefined;
}

export interface Gantt {
  readonly beginMs: number;
  readonly lengthMs: number;
  readonly bars: readonly GanttBar[];
  /** Attempts beyond those drawn. */
  readonly left: number;
}

interface Bar {
  readonly stage: string;
  readonly attempt: number;
  readonly outcome: string;
  readonly queueFrom: number;
  readonly runFrom: number;
  readonly to: number;
  readonly progress?: number | undefined;
}

export const maxBars = 200;

/** Attempts in their order, each behind its wait; one that runs, or is waited for, reaches to now. */
export function layOut(steps: readonly TaskStep[], isOver: boolean, nowMs: number): Gantt {
  const bars = [...attemptsOf(steps, nowMs), ...(isOver ? [] : waitOf(steps, nowMs))];
  const times = bars.flatMap(({ queueFrom, to }) => [queueFrom, to]);
  const beginMs = Math.min(...steps.map(({ at }) => at), ...times, nowMs);
  const lengthMs = Math.max(1, Math.max(beginMs, ...times) - beginMs);
  const share = (ms: number): number => Math.max(0, ms) / lengthMs;
  const drawn = bars.slice(0, maxBars).map(({ stage, attempt, outcome, queueFrom, runFrom, to, progress }) => ({
    ...{ stage, attempt, outcome, progress, queueMs: runFrom - queueFrom, runMs: to - runFrom },
    ...{ left: share(queueFrom - beginMs), queue: share(runFrom - queueFrom), run: share(to - runFrom) },
  }));
  return { beginMs, lengthMs, bars: drawn, left: bars.length - drawn.length };
}

function attemptsOf(steps: readonly TaskStep[], nowMs: number): Bar[] {
  const finished = new Set(steps.filter(isFinal).map(keyOf));
  const running = new Map(steps.filter(({ outcome }) => outcome === 'running').map((step) => [keyOf(step), step]));
  const endOfPlace = new Map<string, number>();
  const bars: Bar[] = [];
  for (const step of steps) {
    const isLastWord = isFinal(step) || (running.get(keyOf(step)) === step && !finished.has(keyOf(step)));
    if (!isLastWord) continue;
    const { stage, attempt, outcome, at, runMs, queueMs, place, progress } = step;
    const runFrom = at - runMs;
    // What is tried again in its place waited in the queue once only.
    const queueFrom = Math.min(runFrom, endOfPlace.get(place) ?? runFrom - queueMs);
    const to = outcome === 'running' ? Math.max(at, nowMs) : at;
    bars.push({ stage, attempt, outcome, queueFrom, runFrom, to, progress });
    endOfPlace.set(place, to);
  }
  return bars;
}

const isFinal = ({ outcome }: TaskStep): boolean => outcome !== 'running' && outcome !== 'accepted';
const keyOf = ({ place, attempt }: TaskStep): string => `${place} ${attempt}`;

/** Between two attempts: what it waits for. */
function waitOf(steps: readonly TaskStep[], nowMs: number): Bar[] {
  const last = steps.at(-1);
  if (!last || last.outcome === 'running') return [];
  const until = Math.max(last.at, nowMs);
  return [
    {
      stage: last.nextStage ?? last.stage,
      attempt: 0,
      outcome: 'queued',
      queueFrom: last.at,
      runFrom: until,
      to: until,
    },
  ];
}
