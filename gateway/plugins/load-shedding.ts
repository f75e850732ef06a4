import underPressure from '@fastify/under-pressure';
import type { FastifyInstance } from 'fastify';
import { PenstockError } from '../../schemas/errors.ts';

/** Mean of a second. Far above what a busy loop has (tens of ms): beyond it every answer is late already. */
const maxEventLoopDelayMs = 500;

/** Refuses work while the process cannot keep up, except for probes: a loaded gateway is no reason to kill it. */
export function installLoadShedding(app: FastifyInstance): void {
  app.register(underPressure, {
    maxEventLoopDelay: maxEventLoopDelayMs,
    pressureHandler: (request) => {
      if (request.routeOptions.config.role === 'none') return;
      throw new PenstockError('PIPE_GATEWAY_OVERLOADED', 'the gateway cannot keep up', { afterMs: 2_000 });
    },
  });
}
