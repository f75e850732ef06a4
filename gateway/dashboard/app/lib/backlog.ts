import type { StageLoad } from '../api/answers.ts';
import { formatShortSpan, none } from './format.ts';

/** A backlog of so many seconds of work is none: it is how a pipeline looks that works. */
const usualSeconds = 10;

/** Whether more waits than is worked off. */
export function isBehind({ trend, lag, outPerSecond }: StageLoad): boolean {
  if (trend !== 'growing' && trend !== 'stalled') return false;
  return (lag ?? 0) > usualSeconds * Math.max(1, outPerSecond ?? 0);
}

/** When the backlog will be gone, or how it moves. */
export function describeEta(stage: StageLoad): string {
  const { trend, lag, etaMs } = stage;
  if (lag === 0) return 'idle';
  if (trend === 'draining') return formatShortSpan(etaMs);
  if (trend === 'unknown') return none;
  return isBehind(stage) ? trend : 'steady';
}
