import { taskStates } from '../../../history/history.ts';
import type { TaskList, TaskSummary } from '../api/answers.ts';
import { useAnswer } from '../api/use-answer.ts';
import { LiveTail } from '../components/live-tail.tsx';
import { PageHead } from '../components/page-head.tsx';
import { Panel } from '../components/panel.tsx';
import { type PickedPipeline, Select, StagePicker, usePipeline, WindowPicker } from '../components/pickers.tsx';
import { StateBadge } from '../components/state-badge.tsx';
import { Empty, Loaded } from '../components/states.tsx';
import { type Column, Table } from '../components/table.tsx';
import { TaskLink } from '../components/task-link.tsx';
import { csvOf } from '../lib/csv.ts';
import { formatAgo, formatCount, formatSpan, formatTime } from '../lib/format.ts';
import { linkHere, linkTo, place, setQuery } from '../lib/location.ts';
import { now } from '../lib/refresh.ts';
import { saveFile } from '../lib/save-file.ts';
import { zone } from '../lib/settings.ts';
import { tasksSql } from '../lib/task-sql.ts';
import { readWindow, spans } from '../lib/window.ts';

const pageSize = 100;

/** Tasks, newest first: found by what they are and by their id, followed live, taken along as a file. */
export function TasksPage() {
  const picked = usePipeline();
  const { query } = place.value;
  const cursor = query.get('cursor') ?? '';
  const answer = useAnswer<TaskList>(linkTo('/v1/tasks', { ...filterOf(query), limit: pageSize, cursor }));
  const tasks = answer.data?.tasks ?? [];
  const older = answer.data?.cursor;
  const tailed = query.has('pipeline') || picked.pipelines.length === 1 ? picked.pipeline : undefined;
  const isTailing = query.get('tail') === '1' && tailed !== undefined;
  return (
    <>
      <PageHead title="Tasks">
        <Filters picked={picked} />
      </PageHead>
      <div class="stack">
        {isTailing && (
          <LiveTail pipeline={tailed.name} stage={query.get('stage') ?? ''} search={query.get('search') ?? ''} />
        )}
        <Panel
          title={cursor === '' ? 'Newest' : 'Older'}
          sql={answer.data && tasksSql(filterOf(query), pageSize)}
          hint={tasks.length > 0 ? `${formatCount(tasks.length)} shown` : undefined}
          isFlush
          actions={
            <>
              {tailed && (
                <button
                  type="button"
                  class="button"
                  aria-pressed={isTailing}
                  onClick={() => setQuery({ tail: isTailing ? undefined : 1 })}
                >
                  {isTailing ? 'End the live tail' : 'Live tail'}
                </button>
              )}
              {tasks.length > 0 && <ExportButtons tasks={tasks} />}
            </>
          }
        >
          <Loaded answer={answer} height={480}>
            {({ tasks }) =>
              tasks.length === 0 ? (
                <NothingFound query={query} />
              ) : (
                <Table label="Tasks" look="task-table" columns={columns}>
                  {tasks.map((task) => (
                    <TaskRow key={`${task.pipeline} ${task.id} ${task.submittedAt}`} task={task} />
                  ))}
                </Table>
              )
            }
          </Loaded>
          <nav class="pager" aria-label="Pages of tasks">
            {cursor !== '' && <a href={linkHere({ cursor: '' })}>Newest</a>}
            {older !== undefined && <a href={linkHere({ cursor: older })}>Older</a>}
          </nav>
        </Panel>
      </div>
    </>
  );
}

/** A moving window begins at a whole minute, so that the question stays the same between two refreshes. */
function filterOf(query: URLSearchParams) {
  const of = (name: string): string => query.get(name) ?? '';
  const filter = { pipeline: of('pipeline'), stage: of('stage'), state: of('state'), search: of('search') };
  if (!query.has('window')) return filter;
  const { spanMs, untilMs } = readWindow(query);
  const minute = Math.floor(now.value / 60_000) * 60_000;
  return { ...filter, since: (untilMs ?? minute) - spanMs, until: untilMs };
}

function Filters({ picked }: { picked: PickedPipeline }) {
  const { query } = place.value;
  const change = (name: string) => (value: string) => setQuery({ [name]: value, cursor: undefined });
  const pipelines: (readonly [string, string])[] = [['', 'All pipelines']];
  pipelines.push(...picked.pipelines.map(({ name }) => [name, name] as const));
  const chosen = query.get('pipeline') ?? '';
  return (
    <>
      <search>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            change('search')(String(new FormData(event.currentTarget).get('search') ?? '').trim());
          }}
        >
          <input
            key={query.get('search')}
            class="input search-input"
            name="search"
            type="search"
            data-search
            maxLength={256}
            aria-label="Search in ids"
            placeholder="Id contains"
            defaultValue={query.get('search') ?? ''}
          />
        </form>
      </search>
      {picked.pipelines.length > 1 && (
        <Select
          label="Pipeline"
          value={chosen}
          choices={pipelines}
          onChange={(pipeline) => setQuery({ pipeline, stage: undefined, cursor: undefined })}
        />
      )}
      {(chosen !== '' || picked.pipelines.length === 1) && <StagePicker pipeline={picked.pipeline} />}
      <Select
        label="State"
        value={query.get('state') ?? ''}
        choices={[['', 'Any state'], ...taskStates.map((state) => [state, state] as const)]}
        onChange={change('state')}
      />
      {query.has('until') ? (
        <WindowPicker />
      ) : (
        <Select
          label="Submitted"
          value={query.get('window') ?? ''}
          choices={[['', 'Any time'], ...spans.map((span) => [span, `Last ${span}`] as const)]}
          onChange={change('window')}
        />
      )}
    </>
  );
}

function NothingFound({ query }: { query: URLSearchParams }) {
  const isFiltered = Object.values(filterOf(query)).some((value) => value !== '' && value !== undefined);
  if (!isFiltered) return <Empty title="No task was recorded yet." />;
  return (
    <Empty title="No task is like that.">
      <a href={place.value.path}>Show all</a>
    </Empty>
  );
}

const columns: readonly Column[] = [
  ['Id'],
  ['State', 'w-state'],
  ['Stage', 'w-place'],
  ['Submitted', 'w-time'],
  ['Took', 'w-time right'],
  ['Attempts', 'w-count right'],
];

function TaskRow({ task }: { task: TaskSummary }) {
  const submitted = Date.parse(task.submittedAt);
  const took = task.finishedAt === null ? undefined : Math.max(0, Date.parse(task.finishedAt) - submitted);
  return (
    <tr>
      <td>
        <TaskLink id={task.id} isRow />
      </td>
      <td>
        <StateBadge state={task.state} />
      </td>
      <td class="clip">
        {task.pipeline}.{task.stage}
      </td>
      <td class="num" title={formatTime(submitted, zone.value)}>
        {formatAgo(submitted, now.value)}
      </td>
      <td class="right num">{formatSpan(took)}</td>
      <td class="right num">{formatCount(task.attempts)}</td>
    </tr>
  );
}

const exported = ['id', 'pipeline', 'stage', 'state', 'submittedAt', 'finishedAt', 'attempts'] as const;

const formats = {
  csv: (tasks: readonly TaskSummary[]) => csvOf(exported, tasks),
  json: (tasks: readonly TaskSummary[]) => JSON.stringify(tasks, null, 2),
};

/** Of what is shown: a page, as it is filtered. */
function ExportButtons({ tasks }: { tasks: readonly TaskSummary[] }) {
  return Object.entries(formats).map(([name, write]) => (
    <button
      key={name}
      type="button"
      class="button"
      title="What is shown, as a file"
      onClick={() => saveFile(`tasks.${name}`, new Blob([write(tasks)]))}
    >
      {name.toUpperCase()}
    </button>
  ));
}
