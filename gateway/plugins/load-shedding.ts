import underPressure from '@fastify/under-pressure';
import type { FastifyInstance } from 'fastify';
import { PenstockError } from '../../schemas/errors.ts';

/**
 * Refuses work while the process cannot keep up (mean delay of the event loop over a second), except for probes: a loaded
 * gateway is no reason to kill it.
 */
export function installLoadShedding(app: FastifyInstance, maxEventLoopDelayMs: number): void {
  app.register(underPressure, {
    maxEventLoopDelay: maxEventLoopDelayMs,
    pressureHandler: (request) => {
      if (request.routeOptions.config.role === 'none') return;
      throw new PenstockError('PIPE_GATEWAY_OVERLOADED', 'the gateway cannot keep up', { afterMs: 2_000 });
    },
  });
}
