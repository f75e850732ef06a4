import underPressure from '@fastify/under-pressure';
import type { FastifyInstance } from 'fastify';
import { PenstockError } from '../../schemas/errors.ts';

export interface OverloadOptions {
  /** Default 1 000. A thousand connections that post without a pause stay far below it. */
  readonly maxLoopDelayMs?: number;
  /** How often the delay is taken, as the mean since the last time. Default 1 000. */
  readonly sampleMs?: number;
}

const retryAfterMs = 1_000;

/**
 * Refuses the requests of this scope with PIPE_GATEWAY_OVERLOADED, before their body is read, while the event loop is so
 * late that those accepted would wait for seconds too.
 */
export function installOverload(app: FastifyInstance, options: OverloadOptions = {}): void {
  const { maxLoopDelayMs = 1_000, sampleMs = 1_000 } = options;
  app.register(underPressure, {
    maxEventLoopDelay: maxLoopDelayMs,
    sampleInterval: sampleMs,
    pressureHandler(_request, _reply, _type, loopDelayMs) {
      // No delay was taken in that time: one stall, at the start for example, and not a load that lasts.
      if (loopDelayMs === Number.POSITIVE_INFINITY) return;
      const message = 'the gateway is busier than it can serve';
      throw new PenstockError('PIPE_GATEWAY_OVERLOADED', message, { afterMs: retryAfterMs });
    },
  });
}
