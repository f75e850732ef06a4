import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { PenstockError } from '../../schemas/errors.ts';

const windowMs = 1_000;

/**
 * Requests a second of each token that has a limit. Counted by this gateway alone: behind n gateways a token may spend
 * its limit n times. Must be installed after access, whose identity it counts.
 */
export function installRateLimits(app: FastifyInstance): void {
  app.register(rateLimit, {
    timeWindow: windowMs,
    cache: 10_000,
    allowList: (request: FastifyRequest) => request.identity.perSecond === undefined,
    max: (request: FastifyRequest) => request.identity.perSecond ?? 0,
    keyGenerator: (request: FastifyRequest) => request.identity.name,
    errorResponseBuilder: (_request, { max, ttl }) =>
      new PenstockError('PIPE_GATEWAY_RATE_LIMITED', `the token may make ${max} requests a second`, { afterMs: ttl }),
  });
}
