import type { ErrorGroup, ErrorGroups } from '../api/answers.ts';
import { formatCount, formatTime } from '../lib/format.ts';
import { zone } from '../lib/settings.ts';
import { zoomInto } from '../lib/zoom.ts';
import { Copyable } from './copy-button.tsx';
import { Fact } from './fact.tsx';
import { TaskLink } from './task-link.tsx';
import { TimeChart } from './time-chart.tsx';

/** One group: when it failed, one message in full, one task that met it. */
export function ErrorDetail({ group, data }: { group: ErrorGroup; data: ErrorGroups }) {
  return (
    <div class="detail">
      <TimeChart
        title={`${group.code} over time`}
        data={data}
        lines={[{ label: 'failed', colour: 'bad', values: group.counts }]}
        isStacked
        format={formatCount}
        height={130}
        onZoom={zoomInto}
      />
      <dl class="facts">
        <Fact name="Message">
          <bdi class="foreign">{group.message}</bdi>
        </Fact>
        <Fact name="A task">
          <TaskLink id={group.taskId} />
        </Fact>
        <Fact name="Seen">
          {formatTime(group.firstSeen, zone.value)} to {formatTime(group.lastSeen, zone.value)}
        </Fact>
        <Fact name="Fingerprint">
          <Copyable text={group.fingerprint} label="Copy the fingerprint" />
        </Fact>
      </dl>
    </div>
  );
}
