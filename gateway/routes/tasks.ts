import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { PenstockError } from '../../schemas/errors.ts';
import { definedFields } from '../defined-fields.ts';
import { type History, type TaskFilter, type TaskSummary, taskStates } from '../history/history.ts';
import { readTime } from './submit-request.ts';

const taskParams = Type.Object({ id: Type.String({ minLength: 1, maxLength: 256 }) });
const name = Type.Optional(Type.String({ minLength: 1, maxLength: 100 }));
const time = Type.Optional(Type.String({ description: 'Epoch ms or ISO 8601', maxLength: 40 }));

const listQuery = Type.Object(
  {
    pipeline: name,
    stage: name,
    state: Type.Optional(Type.Union(taskStates.map((state) => Type.Literal(state)))),
    since: time,
    until: time,
    limit: Type.Integer({ minimum: 1, maximum: 1_000, default: 100 }),
    cursor: Type.Optional(Type.String({ maxLength: 1_000 })),
  },
  { additionalProperties: false },
);

type ListQuery = Static<typeof listQuery>;

/** One task's state and timeline, and the list of tasks, newest first. */
export function addTaskRoutes(app: FastifyInstance, history: History): void {
  app.get<{ Params: Static<typeof taskParams> }>(
    '/v1/tasks/:id',
    { schema: { params: taskParams } },
    async (request) => {
      const task = await history.task(request.params.id);
      if (!task) throw new PenstockError('PIPE_TASK_NOT_FOUND', 'no attempt of this task is recorded yet');
      return task;
    },
  );

  app.get<{ Querystring: ListQuery }>('/v1/tasks', { schema: { querystring: listQuery } }, async (request) => {
    const filter = filterOf(request.query);
    const tasks = await history.tasks(filter);
    const last = tasks.at(-1);
    return { tasks, ...(last && tasks.length === filter.limit && { cursor: cursorOf(last) }) };
  });
}

function filterOf(query: ListQuery): TaskFilter {
  const { pipeline, stage, state, limit, cursor } = query;
  return definedFields({
    limit,
    pipeline,
    stage,
    state,
    since: readTime('since', query.since),
    until: readTime('until', query.until),
    after: cursor === undefined ? undefined : readCursor(cursor),
  });
}

function cursorOf(task: TaskSummary): string {
  return Buffer.from(`${Date.parse(task.submittedAt)} ${task.id}`).toString('base64url');
}

function readCursor(cursor: string): { submittedAt: number; id: string } {
  const [, at, id] = /^(\d{1,16}) (.{1,256})$/su.exec(Buffer.from(cursor, 'base64url').toString('utf8')) ?? [];
  if (at !== undefined && id !== undefined) return { submittedAt: Number(at), id };
  throw new PenstockError('PIPE_GATEWAY_REQUEST_INVALID', 'cursor must be one that an earlier answer gave');
}
