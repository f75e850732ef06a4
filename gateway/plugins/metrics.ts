import type { FastifyInstance } from 'fastify';
import { Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client';

/** Prometheus metrics of one gateway; each app has its own registry. */
export interface Metrics {
  readonly registry: Registry;
  tasksAccepted(pipeline: string, stage: string, count: number): void;
  tasksRejected(pipeline: string, stage: string, code: string): void;
}

/** Labels hold route patterns and names of the catalogue only: callers cannot make new time series. */
export function installMetrics(app: FastifyInstance): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const requests = new Histogram({
    name: 'penstock_http_request_seconds',
    help: 'Time from the head of a request to the end of its answer.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  });
  const accepted = new Counter({
    name: 'penstock_tasks_accepted_total',
    help: 'Tasks that Kafka acknowledged.',
    labelNames: ['pipeline', 'stage'],
    registers,
  });
  const rejected = new Counter({
    name: 'penstock_tasks_rejected_total',
    help: 'Tasks refused or not acknowledged.',
    labelNames: ['pipeline', 'stage', 'code'],
    registers,
  });
  app.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? 'none';
    requests.observe({ method: request.method, route, status: reply.statusCode }, reply.elapsedTime / 1_000);
    done();
  });
  return {
    registry,
    tasksAccepted: (pipeline, stage, count) => accepted.inc({ pipeline, stage }, count),
    tasksRejected: (pipeline, stage, code) => rejected.inc({ pipeline, stage, code }),
  };
}
