import type { TaskDetail } from '../api/answers.ts';
import { may } from '../api/session.ts';
import { type FollowedTask, useTask } from '../api/use-task.ts';
import { CancelTask } from '../components/cancel-task.tsx';
import { Copyable } from '../components/copy-button.tsx';
import { GanttChart } from '../components/gantt-chart.tsx';
import { PageHead } from '../components/page-head.tsx';
import { Panel } from '../components/panel.tsx';
import { StateBadge } from '../components/state-badge.tsx';
import { Empty, Failure } from '../components/states.tsx';
import { TaskRecord } from '../components/task-record.tsx';
import { TaskResult } from '../components/task-result.tsx';
import { countOf, formatExact, formatSpan, formatTime } from '../lib/format.ts';
import { now } from '../lib/refresh.ts';
import { zone } from '../lib/settings.ts';
import { timelineSql } from '../lib/task-sql.ts';
import { isTerminal, type TaskStep } from '../lib/task-steps.ts';
import type { PathParams } from './page.ts';

/** All that happened to one task, and happens until it has ended. */
export function TaskPage({ params: { id = '' } }: { params: PathParams }) {
  return <OneTask key={id} id={id} />;
}

function OneTask({ id }: { id: string }) {
  const task = useTask(id);
  const { answer, steps, state } = task;
  const isOver = isTerminal(state);
  return (
    <>
      <PageHead title="Task">
        {may('submit') && (answer.data || answer.error) && !isOver && <CancelTask id={id} />}
      </PageHead>
      <Named id={id} task={task} />
      {steps.length === 0 ? (
        <NotYet task={task} />
      ) : (
        <div class="stack">
          <Panel title="Timeline" sql={timelineSql(id)}>
            <GanttChart steps={steps} isOver={isOver} nowMs={now.value} />
          </Panel>
          {answer.data && 'result' in answer.data && <TaskResult task={answer.data} />}
          <Errors steps={steps} />
          {answer.data && <TaskRecord id={id} stages={stagesOf(answer.data)} />}
        </div>
      )}
    </>
  );
}

/** In the order in which it came to them. */
const stagesOf = ({ timeline }: TaskDetail): readonly string[] => [...new Set(timeline.map(({ stage }) => stage))];

function NotYet({ task: { answer, stream } }: { task: FollowedTask }) {
  const { error, again } = answer;
  if (error && error.code !== 'PIPE_TASK_NOT_FOUND') {
    return <Failure code={error.code} message={error.message} again={again} />;
  }
  if (!error) return <div class="skeleton" style={{ height: '240px' }} aria-busy="true" />;
  return (
    <Empty title="Nothing is recorded of this task yet.">
      {stream === 'open' ? 'It is shown as soon as something is.' : 'Ids are looked for as they are written.'}
    </Empty>
  );
}

function Named({ id, task: { answer, state, steps } }: { id: string; task: FollowedTask }) {
  const data = answer.data;
  const note = steps.at(-1)?.note;
  return (
    <section class="panel task-head" aria-label="What it is">
      <Copyable text={id} label="Copy the id">
        <bdi class="mono clip task-name">{id}</bdi>
      </Copyable>
      <p class="facts-line num">
        {state !== undefined && <StateBadge state={state} />}
        {data && <TaskFacts task={data} isOver={isTerminal(state)} />}
        {note !== undefined && <bdi class="clip">{note}</bdi>}
      </p>
    </section>
  );
}

function TaskFacts({ task, isOver }: { task: TaskDetail; isOver: boolean }) {
  const submitted = Date.parse(task.submittedAt);
  const finished = task.finishedAt === null ? undefined : Date.parse(task.finishedAt);
  return (
    <>
      <span>
        {task.pipeline}.{task.stage}
      </span>
      <span>submitted {formatTime(submitted, zone.value)}</span>
      {isOver && finished !== undefined ? (
        <span>took {formatSpan(Math.max(0, finished - submitted))}</span>
      ) : (
        <span>for {formatSpan(Math.max(0, Math.floor((now.value - submitted) / 1_000) * 1_000))}</span>
      )}
      <span>{countOf(task.attempts, 'attempt')}</span>
    </>
  );
}

function Errors({ steps }: { steps: readonly TaskStep[] }) {
  const failed = steps.filter(({ errorCode }) => errorCode !== '').reverse();
  if (failed.length === 0) return null;
  return (
    <Panel title={countOf(failed.length, 'error')} hint="newest first">
      <ol class="task-errors">
        {failed.map((step) => (
          <li key={`${step.place} ${step.outcome} ${step.attempt} ${step.at}`}>
            <p class="facts-line">
              <b class="mono is-bad">{step.errorCode}</b>
              <StateBadge state={step.outcome} />
              <span class="num">{formatExact(step.at, zone.value)}</span>
              <span class="num">
                {step.stage}, attempt {step.attempt}
              </span>
              <bdi>{step.worker}</bdi>
              <span class="mono">{step.place}</span>
            </p>
            <bdi class="foreign mono">{step.errorMessage}</bdi>
          </li>
        ))}
      </ol>
    </Panel>
  );
}
