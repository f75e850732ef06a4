import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import type { Metrics } from '../plugins/metrics.ts';

/** Prometheus text format. */
export function addMetricsRoute(app: FastifyInstance, metrics: Metrics): void {
  const schema = {
    summary: 'Metrics in Prometheus’ text format',
    tags: ['operation'],
    response: { 200: { description: 'Metrics', content: { 'text/plain': { schema: Type.String() } } } },
  };
  app.get('/metrics', { config: { role: 'read' }, schema }, async (_request, reply) => {
    const text = await metrics.registry.metrics();
    return reply.type(metrics.registry.contentType).send(text);
  });
}
