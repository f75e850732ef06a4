import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { messageOf } from '../../schemas/errors.ts';
import { definedFields } from '../defined-fields.ts';
import type { Identity } from '../identity/identity.ts';
import { eventStreams } from '../watching/event-streams.ts';
import { LiveAnswers } from '../watching/live-answers.ts';
import { eventSchema } from './event-schema.ts';

/** Whom an authorization header stands for at this moment; undefined: nobody. */
type Identify = (authorization: string | undefined) => Identity | undefined;

const everyMs = { '2s': 2_000, '5s': 5_000, '10s': 10_000, '30s': 30_000 } as const;
const maxOpen = 1_000;
/** An id of a task has up to 256 characters, each of them twelve once encoded; so has what is searched for. */
const name = '[^/?#\\s]{1,3072}';
/** Statistics and lists: what changes by itself and is one answer. */
const watchable = `^/v1/(pipelines(/${name}(/(stats|latency|flow|lag))?)?|stats/(errors|workers)|tasks(/${name})?|dead-letters)(\\?[^#\\s]{0,4000})?$`;

const liveQuery = Type.Object(
  {
    watch: Type.Array(Type.String({ maxLength: 5_000, pattern: watchable }), {
      ...{ minItems: 1, maxItems: 100, uniqueItems: true, examples: [['/v1/stats/errors?window=15m']] },
      description:
        'Path and query of a GET: pipelines with their stats, latency, flow and lag, errors, workers, tasks, dead letters',
    }),
    every: Type.Union([Type.Literal('2s'), Type.Literal('5s'), Type.Literal('10s'), Type.Literal('30s')], {
      ...{ default: '2s', description: 'How often each is asked' },
    }),
  },
  { additionalProperties: false },
);
const response = {
  200: {
    description:
      'Server-sent events: `answer` with `{watch, status, body}` where what the GET of that path answers has changed, else `same` with `{watch}`',
    content: { 'text/event-stream': { schema: eventSchema } },
  },
};

/** What plain GETs would answer, told whenever it changes: asked and written once for all who may see the same. */
export function addLiveRoute(app: FastifyInstance, identify: Identify): void {
  const begin = eventStreams(app, { maxOpen });
  const answers = new LiveAnswers({
    async ask(url, headers) {
      const { statusCode, body } = await app.inject({ method: 'GET', url, headers: { ...headers } });
      return { status: statusCode, body };
    },
    scopeOf: ({ authorization }) => scopeOf(identify(authorization)),
    onFailure: (error) => app.log.debug({ reason: messageOf(error) }, 'a watched answer could not be asked for'),
  });
  app.get<{ Querystring: Static<typeof liveQuery> }>(
    '/v1/live',
    {
      config: { role: 'read', problems: ['PIPE_GATEWAY_OVERLOADED'] },
      exposeHeadRoute: false,
      schema: {
        summary: 'Several answers of this API as they change',
        description: 'Begins with the next turn: ask for each once, then listen. Ends when the token does.',
        ...{ tags: ['statistics'], querystring: liveQuery, response },
      },
    },
    async ({ query: { watch, every }, headers: { authorization, host } }, reply) => {
      const events = begin(reply);
      answers.listen({ headers: definedFields({ authorization, host }), events }, watch, everyMs[every]);
      return reply.send(events);
    },
  );
}

/** Callers of one scope are answered alike; who may ask only so often is one for itself. */
function scopeOf(caller: Identity | undefined): string | undefined {
  if (!caller) return undefined;
  const { name, roles, tenant, pipelines, perSecond } = caller;
  return JSON.stringify([[...roles].sort(), tenant, pipelines && [...pipelines].sort(), perSecond && name]);
}
