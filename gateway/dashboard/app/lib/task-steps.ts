import { endStates } from '../../../../schemas/task-ending.ts';
import type { TaskEvent, TimelineEntry } from '../api/answers.ts';

/** One thing that happened to a task, whether the history told it or the live stream. */
export interface TaskStep {
  /** Epoch ms; where something ran, its end. */
  readonly at: number;
  readonly stage: string;
  readonly outcome: string;
  readonly attempt: number;
  readonly queueMs: number;
  readonly runMs: number;
  readonly worker: string;
  /** topic/partition/offset */
  readonly place: string;
  readonly errorCode: string;
  readonly errorMessage: string;
  readonly nextStage: string | undefined;
  readonly progress: number | undefined;
  readonly note: string | undefined;
}

/** Penstock itself writes 1 000 characters of a message, others write what they like. */
const cut = (text: string): string => text.slice(0, 4_000);

/** Oldest first, each once. */
export function stepsOf(timeline: readonly TimelineEntry[], events: readonly TaskEvent[]): readonly TaskStep[] {
  const steps = new Map<string, TaskStep>();
  const told = [
    ...timeline.map((entry) => ({ ...entry, place: `${entry.topic}/${entry.partition}/${entry.offset}` })),
    ...events,
  ];
  for (const each of told) {
    const { time, stage, outcome, attempt, queueMs, runMs, worker, place, nextStage, progress, note } = each;
    const { errorCode = '', errorMessage = '' } = each;
    const said = { worker: cut(worker), errorMessage: cut(errorMessage), note: note && cut(note) };
    const step = { at: Date.parse(time), stage, outcome, attempt, queueMs, runMs, place, errorCode, ...said };
    const key = `${place} ${outcome} ${attempt} ${time}`;
    if (!steps.has(key)) steps.set(key, { ...step, nextStage, progress });
  }
  const isLater = ({ outcome }: TaskStep): number => (outcome === 'accepted' ? 0 : 1);
  return [...steps.values()].sort((a, b) => a.at - b.at || isLater(a) - isLater(b));
}

export const isTerminal = (state: string | undefined): boolean => endStates.some((end) => end === state);
