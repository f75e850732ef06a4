import { formatExact, formatSpan } from '../lib/format.ts';
import { layOut } from '../lib/gantt.ts';
import { zone } from '../lib/settings.ts';
import type { TaskStep } from '../lib/task-steps.ts';

export interface GanttChartProps {
  readonly steps: readonly TaskStep[];
  readonly isOver: boolean;
  readonly nowMs: number;
}

const marks = [0, 0.25, 0.5, 0.75, 1];
const percent = (share: number): string => `${(share * 100).toFixed(3)}%`;

/** A line an attempt: hatched while it waited, filled while it ran. */
export function GanttChart({ steps, isOver, nowMs }: GanttChartProps) {
  const { beginMs, lengthMs, bars, left } = layOut(steps, isOver, nowMs);
  return (
    <figure class="gantt">
      <ol>
        {bars.map((bar, index) => (
          <li key={`${bar.stage} ${bar.attempt} ${index}`} class="gantt-line">
            <span class="gantt-name clip" title={bar.stage}>
              {bar.stage}
              {bar.attempt > 1 && <small class="num"> × {bar.attempt}</small>}
            </span>
            <span class="gantt-track">
              <i
                class="gantt-queue"
                style={{ left: percent(bar.left), width: percent(bar.queue) }}
                title={`waited ${formatSpan(bar.queueMs)}`}
              />
              <i
                class={`gantt-run gantt-${bar.outcome}`}
                style={{ left: percent(bar.left + bar.queue), width: percent(bar.run) }}
                title={`${bar.outcome}: ran ${formatSpan(bar.runMs)}`}
              />
            </span>
            <span class="gantt-times num">
              {bar.outcome === 'queued' ? 'waits' : bar.outcome}{' '}
              {bar.progress !== undefined && bar.outcome === 'running' && `${Math.round(bar.progress * 100)} % `}
              <span class="quiet">
                {formatSpan(bar.queueMs)} + {formatSpan(bar.runMs)}
              </span>
            </span>
          </li>
        ))}
      </ol>
      {left > 0 && <p class="hint">and {left} more</p>}
      <figcaption class="gantt-axis num">
        {marks.map((share) => (
          <span key={share}>
            {share === 0 ? formatExact(beginMs, zone.value) : `+${formatSpan(Math.round(lengthMs * share))}`}
          </span>
        ))}
      </figcaption>
      <p class="hint gantt-key">
        <i class="gantt-queue" /> waited <i class="gantt-run gantt-ok" /> ran
      </p>
    </figure>
  );
}
