import type { FastifyInstance } from 'fastify';
import type { Readiness } from '../readiness.ts';

/** Live: the process answers. Ready: Kafka does too, asked at most once a second. */
export function addHealthRoutes(app: FastifyInstance, readiness: Readiness): void {
  app.get('/health/live', async () => ({ status: 'live' }));

  app.get('/health/ready', async () => {
    await readiness.check();
    return { status: 'ready' };
  });
}
