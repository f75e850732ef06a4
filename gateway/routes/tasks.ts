import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { PenstockError } from '../../schemas/errors.ts';
import { definedFields } from '../defined-fields.ts';
import { type History, type Scope, type TaskFilter, type TaskSummary, taskStates } from '../history/history.ts';
import { scopeOf } from '../identity/identity.ts';
import { readTime, timeParameter } from './submit-request.ts';
import { blobSchema } from './submit-wait.ts';

export const taskParams = Type.Object({
  id: Type.String({ minLength: 1, maxLength: 256, examples: ['01a1fdbd-1481-70d9-8767-9f0a996a92e3'] }),
});
const state = Type.Union(taskStates.map((name) => Type.Literal(name)));
const name = Type.Optional(Type.String({ minLength: 1, maxLength: 100 }));

const listQuery = Type.Object(
  {
    pipeline: name,
    stage: name,
    state: Type.Optional(state),
    search: Type.Optional(Type.String({ description: 'Only ids that contain this', minLength: 1, maxLength: 256 })),
    since: Type.Optional(timeParameter('Submitted at or after')),
    until: Type.Optional(timeParameter('Submitted before')),
    limit: Type.Integer({ minimum: 1, maximum: 1_000, default: 100 }),
    cursor: Type.Optional(
      Type.String({ description: 'Of an earlier answer', pattern: '^\\d{1,15}\\.[A-Za-z0-9_-]{2,1400}$' }),
    ),
  },
  { additionalProperties: false },
);

type ListQuery = Static<typeof listQuery>;

const summaryFields = {
  id: Type.String(),
  pipeline: Type.String(),
  stage: Type.String({ description: 'Stage that it is at, or ended at' }),
  state,
  submittedAt: Type.String({ format: 'date-time' }),
  finishedAt: Type.Union([Type.String({ format: 'date-time' }), Type.Null()]),
  attempts: Type.Integer({ description: 'Executions so far, over all stages' }),
};

const timelineEntry = Type.Object({
  time: Type.String({ format: 'date-time' }),
  stage: Type.String(),
  outcome: Type.String(),
  attempt: Type.Integer(),
  queueMs: Type.Integer(),
  runMs: Type.Integer(),
  worker: Type.String(),
  errorCode: Type.String({ description: 'Empty: none' }),
  errorMessage: Type.String(),
  topic: Type.String(),
  partition: Type.Integer(),
  offset: Type.Integer(),
  nextStage: Type.Optional(Type.String({ description: 'Stage that it went on to' })),
  progress: Type.Optional(Type.Number({ description: 'Of a running attempt: 0 to 1' })),
  note: Type.Optional(Type.String()),
});

const taskDetail = Type.Object(
  {
    ...summaryFields,
    result: Type.Optional(Type.Unknown({ description: 'What its last stage gave as the result' })),
    blob: Type.Optional(blobSchema),
    timeline: Type.Array(timelineEntry, { description: 'Oldest first, at most 1 000' }),
  },
  { description: 'The task' },
);

const taskList = Type.Object(
  {
    tasks: Type.Array(Type.Object(summaryFields)),
    cursor: Type.Optional(Type.String({ description: 'Gives the next page; absent on the last' })),
  },
  { description: 'A page of tasks' },
);

/** One task's state and timeline, and the list of tasks, newest first. */
export function addTaskRoutes(app: FastifyInstance, history: History): void {
  app.get<{ Params: Static<typeof taskParams> }>(
    '/v1/tasks/:id',
    {
      config: { role: 'read', problems: ['PIPE_TASK_NOT_FOUND', 'PIPE_CLICKHOUSE_UNAVAILABLE'] },
      schema: {
        summary: 'State and timeline of a task',
        tags: ['tasks'],
        params: taskParams,
        response: { 200: taskDetail },
      },
    },
    async (request) => {
      const task = await history.task(request.params.id, scopeOf(request.identity));
      if (!task) throw new PenstockError('PIPE_TASK_NOT_FOUND', 'no attempt of this task is recorded yet');
      return task;
    },
  );

  app.get<{ Querystring: ListQuery }>(
    '/v1/tasks',
    {
      config: { role: 'read', problems: ['PIPE_CLICKHOUSE_UNAVAILABLE'] },
      schema: { summary: 'Tasks, newest first', tags: ['tasks'], querystring: listQuery, response: { 200: taskList } },
    },
    async (request) => {
      const filter = filterOf(request.query, scopeOf(request.identity));
      const tasks = await history.tasks(filter);
      const last = tasks.at(-1);
      return { tasks, ...(last && tasks.length === filter.limit && { cursor: cursorOf(last) }) };
    },
  );
}

function filterOf(query: ListQuery, scope: Scope): TaskFilter {
  const { pipeline, stage, state, search, limit, cursor } = query;
  return definedFields({
    scope,
    limit,
    pipeline,
    stage,
    state,
    search,
    since: readTime(query.since),
    until: readTime(query.until),
    after: cursor === undefined ? undefined : readCursor(cursor),
  });
}

function cursorOf(task: TaskSummary): string {
  return `${Date.parse(task.submittedAt)}.${Buffer.from(task.id).toString('base64url')}`;
}

function readCursor(cursor: string): { submittedAt: number; id: string } {
  const [at = '', id = ''] = cursor.split('.');
  return { submittedAt: Number(at), id: Buffer.from(id, 'base64url').toString('utf8') };
}
