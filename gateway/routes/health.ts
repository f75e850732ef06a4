import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import type { Readiness } from '../readiness.ts';

const status = (value: string) => Type.Object({ status: Type.Literal(value) }, { description: 'Yes' });

/** Live: the process answers. Ready: Kafka does too, asked at most once a second. */
export function addHealthRoutes(app: FastifyInstance, readiness: Readiness): void {
  const tags = ['operation'];
  app.get(
    '/health/live',
    {
      config: { role: 'none' },
      schema: { summary: 'Whether the process answers', tags, response: { 200: status('live') } },
    },
    async () => ({ status: 'live' }),
  );

  app.get(
    '/health/ready',
    {
      config: { role: 'none', problems: ['PIPE_BROKER_UNAVAILABLE'] },
      schema: { summary: 'Whether Kafka answers too', tags, response: { 200: status('ready') } },
    },
    async () => {
      await readiness.check();
      return { status: 'ready' };
    },
  );
}
