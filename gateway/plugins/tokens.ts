import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { PenstockError } from '../../schemas/errors.ts';

const openRoutes = new Set(['/health/live', '/health/ready']);

/** With tokens configured every route but the probes asks for one; without, any caller on loopback may do all. */
export function installTokens(app: FastifyInstance, tokens: readonly string[]): void {
  if (tokens.length === 0) return;
  const known = tokens.map(digest);
  app.addHook('onRequest', async (request) => {
    if (openRoutes.has(request.routeOptions.url ?? '')) return;
    const given = /^Bearer +([!-~]+)$/i.exec(request.headers.authorization ?? '')?.[1];
    if (given === undefined) throw unauthorized('a bearer token is required');
    const hashed = digest(given);
    // Compares with all of them: neither the time nor the length tells which one was near.
    const matches = known.filter((token) => timingSafeEqual(token, hashed));
    if (matches.length === 0) throw unauthorized('the bearer token is not known');
  });
}

const digest = (token: string): Buffer => createHash('sha256').update(token).digest();

const unauthorized = (message: string): PenstockError => new PenstockError('PIPE_GATEWAY_UNAUTHORIZED', message);
