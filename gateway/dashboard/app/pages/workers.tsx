import type { WorkerList, WorkerState } from '../api/answers.ts';
import { type Answer, useAnswer } from '../api/use-answer.ts';
import { PageHead } from '../components/page-head.tsx';
import { Panel } from '../components/panel.tsx';
import { WindowPicker } from '../components/pickers.tsx';
import { Empty, Loaded } from '../components/states.tsx';
import { type Column, Table } from '../components/table.tsx';
import { formatAgo, formatBytes, formatRate, formatShort, formatSpan } from '../lib/format.ts';
import { linkTo, place } from '../lib/location.ts';
import { now } from '../lib/refresh.ts';
import { readWindow } from '../lib/window.ts';

/** Who works, on what, and who fell silent. */
export function WorkersPage() {
  const { span } = readWindow(place.value.query);
  const answer: Answer<WorkerList> = useAnswer(linkTo('/v1/stats/workers', { window: span }));
  return (
    <>
      <PageHead title="Workers">
        <WindowPicker />
      </PageHead>
      <Loaded answer={answer} height={360}>
        {({ workers, sql }) => {
          const processes = byProcess(workers);
          if (processes.length === 0) {
            return <Empty title="No worker was heard of in this time.">Start one with “penstock worker”.</Empty>;
          }
          return (
            <div class="stack">
              {processes.map((stages, index) => (
                <WorkerPanel key={stages[0]?.worker} stages={stages} sql={index === 0 ? sql : undefined} />
              ))}
            </div>
          );
        }}
      </Loaded>
    </>
  );
}

/** Running ones first, the longest running at the top: a list that does not reorder itself. */
function byProcess(workers: readonly WorkerState[]): WorkerState[][] {
  const processes = new Map<string, WorkerState[]>();
  for (const each of workers) processes.set(each.worker, [...(processes.get(each.worker) ?? []), each]);
  const rank = ({ state }: WorkerState): number => ['running', 'silent', 'left'].indexOf(state);
  return [...processes.values()].sort(([a], [b]) => {
    if (!a || !b) return 0;
    return rank(a) - rank(b) || a.startedAt - b.startedAt || a.worker.localeCompare(b.worker);
  });
}

const tones = { running: 'good', silent: 'bad', left: 'quiet' } as const;
const words = { running: 'running', silent: 'silent: it may be gone', left: 'left' } as const;

const columns: readonly Column[] = [
  ['Stage'],
  ...['partitions', 'running', 'queued', 'ok/s', 'failed/s', 'ok', 'failed', 'retried', 'expired'].map(
    (head) => [head, 'right'] as const,
  ),
];

function WorkerPanel({ stages, sql }: { stages: readonly WorkerState[]; sql: string | undefined }) {
  const first = stages[0];
  if (!first) return null;
  const lastSeen = Math.max(...stages.map((each) => each.lastSeen));
  return (
    <Panel
      title={first.worker}
      hint="rates over 10 s"
      sql={sql}
      isFlush
      actions={
        <span class="facts-line num">
          <span class={`badge badge-${tones[first.state]}`}>{words[first.state]}</span>
          <span>heard {formatAgo(lastSeen, now.value)}</span>
          <span>up {formatSpan(Math.max(0, lastSeen - first.startedAt))}</span>
          <span>{formatBytes(Math.max(...stages.map((each) => each.memoryBytes)))}</span>
          <span class="mono">{first.codeVersion || 'no version'}</span>
        </span>
      }
    >
      <Table label={`Stages of ${first.worker}`} look="fixed-table" columns={columns}>
        {stages.map((each) => (
          <tr key={`${each.pipeline}.${each.stage}`}>
            <th scope="row">
              {each.pipeline}.{each.stage}
            </th>
            <td class="right num">{each.partitions}</td>
            <td class="right num">{formatShort(each.inFlight)}</td>
            <td class="right num">{formatShort(each.queued)}</td>
            <td class="right num">{formatRate(each.donePerSecond)}</td>
            <td class={`right num ${each.failedPerSecond ? 'is-bad' : ''}`}>{formatRate(each.failedPerSecond)}</td>
            <td class="right num">{formatShort(each.done)}</td>
            <td class={`right num ${each.failed > 0 ? '' : 'is-faint'}`}>{formatShort(each.failed)}</td>
            <td class={`right num ${each.retried > 0 ? '' : 'is-faint'}`}>{formatShort(each.retried)}</td>
            <td class={`right num ${each.expired > 0 ? '' : 'is-faint'}`}>{formatShort(each.expired)}</td>
          </tr>
        ))}
      </Table>
    </Panel>
  );
}
