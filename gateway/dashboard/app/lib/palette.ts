import type { CountedOutcome } from '../api/answers.ts';

/** A colour of the theme in effect, for what is drawn on a canvas. */
export function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

const stageColours = 8;

/** Stages keep their colour on every page: by their place in the pipeline. */
export const stageColour = (index: number): string => `stage-${index % stageColours}`;

/** What an outcome means: good, passing trouble, lost, or neither. */
export const outcomeColour: Readonly<Record<CountedOutcome, string>> = {
  ok: 'good',
  retry: 'warn',
  dead: 'bad',
  accepted: 'accent',
  expired: 'stage-4',
  cancelled: 'neutral',
  skipped: 'faint',
};
