import type { ErrorGroup, ErrorGroups } from '../api/answers.ts';
import { formatCount, formatTime } from '../lib/format.ts';
import { zone } from '../lib/settings.ts';
import { zoomInto } from '../lib/zoom.ts';
import { CopyButton } from './copy-button.tsx';
import { TaskLink } from './task-link.tsx';
import { TimeChart } from './time-chart.tsx';

/** One group: when it failed, one message in full, one task that met it. */
export function ErrorDetail({ group, data }: { group: ErrorGroup; data: ErrorGroups }) {
  return (
    <div class="detail">
      <TimeChart
        title={`${group.code} over time`}
        t={data.t}
        stepMs={data.stepMs}
        partialSince={data.partialSince}
        lines={[{ label: 'failed', colour: 'bad', values: group.counts }]}
        isStacked
        format={formatCount}
        height={130}
        onZoom={zoomInto}
      />
      <dl class="facts">
        <dt>Message</dt>
        <dd>
          <bdi class="foreign">{group.message}</bdi>
        </dd>
        <dt>A task</dt>
        <dd>
          <TaskLink id={group.taskId} />
        </dd>
        <dt>Seen</dt>
        <dd class="num">
          {formatTime(group.firstSeen, zone.value)} to {formatTime(group.lastSeen, zone.value)}
        </dd>
        <dt>Fingerprint</dt>
        <dd>
          <span class="mono">{group.fingerprint}</span>{' '}
          <CopyButton text={group.fingerprint} label="Copy the fingerprint" shown="Copy" />
        </dd>
      </dl>
    </div>
  );
}
