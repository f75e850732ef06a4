import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { type CataloguePipeline, findTarget } from '../catalogue.ts';
import type { History } from '../history/history.ts';
import { knownTo, maySee } from '../identity/identity.ts';
import { requestLog } from '../plugins/request-log.ts';
import type { AttemptFeed } from '../watching/attempt-feed.ts';
import { type BeginStream, eventStreams } from '../watching/event-streams.ts';
import { eventOfRow } from '../watching/task-event.ts';
import { watchTask } from '../watching/watch-task.ts';
import { eventSchema } from './event-schema.ts';

export interface EventRoutesOptions {
  readonly pipelines: readonly CataloguePipeline[];
  readonly history: History;
  readonly feed: AttemptFeed;
}

const taskParams = Type.Object({
  id: Type.String({ minLength: 1, maxLength: 256, examples: ['01a1fdbd-1481-70d9-8767-9f0a996a92e3'] }),
});
const pipelineParams = Type.Object({ pipeline: Type.String({ maxLength: 100, examples: ['assets'] }) });
const pipelineQuery = Type.Object(
  { stage: Type.Optional(Type.String({ description: 'Only of this stage', maxLength: 100 })) },
  { additionalProperties: false },
);
const stream = {
  200: {
    description: 'Server-sent events: `attempt` for each row of the history, `end` once the task has ended',
    content: { 'text/event-stream': { schema: eventSchema } },
  },
};

/** Server-sent events of one task until it has ended, and of a pipeline for as long as somebody listens. */
export function addEventRoutes(app: FastifyInstance, options: EventRoutesOptions): void {
  const begin = eventStreams(app);
  addTaskEvents(app, options, begin);
  addPipelineEvents(app, options, begin);
}

function addTaskEvents(app: FastifyInstance, { history, feed }: EventRoutesOptions, begin: BeginStream): void {
  app.get<{ Params: Static<typeof taskParams> }>(
    '/v1/tasks/:id/events',
    {
      config: { role: 'read', problems: ['PIPE_BROKER_UNAVAILABLE'] },
      schema: {
        summary: 'What happens to a task, until it has ended',
        description:
          'Begins with what the history has. An id that nobody knows yet is waited for: what was just submitted may not be recorded.',
        ...{ tags: ['tasks'], params: taskParams, response: stream },
      },
    },
    async (request, reply) => {
      const events = begin(reply);
      try {
        await watchTask(request.params.id, request.identity, { history, feed, log: requestLog(request) }, events);
      } catch (error) {
        events.destroy();
        throw error;
      }
      return reply.send(events);
    },
  );
}

function addPipelineEvents(app: FastifyInstance, { pipelines, feed }: EventRoutesOptions, begin: BeginStream): void {
  app.get<{ Params: Static<typeof pipelineParams>; Querystring: Static<typeof pipelineQuery> }>(
    '/v1/pipelines/:pipeline/events',
    {
      config: { role: 'read', problems: ['PIPE_PIPELINE_UNKNOWN', 'PIPE_STAGE_UNKNOWN', 'PIPE_BROKER_UNAVAILABLE'] },
      schema: {
        summary: 'What happens to all tasks of a pipeline from now on',
        ...{ tags: ['pipelines'], params: pipelineParams, querystring: pipelineQuery, response: stream },
      },
    },
    async ({ identity, params, query }, reply) => {
      const known = knownTo(identity, pipelines);
      const { pipeline } = findTarget(known, params.pipeline, query.stage);
      const events = begin(reply);
      const stop = await feed
        .listen((batch, row) => {
          if (batch.pipeline !== pipeline || (query.stage ?? batch.stage) !== batch.stage) return;
          if (maySee(identity, { tenant: row.tenant, pipeline })) events.send('attempt', eventOfRow(batch, row));
        })
        .catch((error) => {
          events.destroy();
          throw error;
        });
      events.once('close', stop);
      return reply.send(events);
    },
  );
}
