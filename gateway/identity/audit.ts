import type { FastifyInstance, FastifyRequest } from 'fastify';
import { requestLog } from '../plugins/request-log.ts';

const reads = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * One log line for each request that may change something: who, what, with which end. Route patterns and known names
 * only, never a payload. For gateways with tokens: without, nobody can be named.
 */
export function installAudit(app: FastifyInstance): void {
  app.addHook('onResponse', (request, reply, done) => {
    if (!reads.has(request.method)) requestLog(request).info({ audit: auditOf(request, reply.statusCode) }, 'write');
    done();
  });
}

function auditOf(request: FastifyRequest, status: number) {
  return {
    // A caller without a valid token has no identity.
    by: request.identity?.name ?? 'unknown',
    from: request.ip,
    method: request.method,
    route: request.routeOptions.url ?? 'none',
    ...(typeof request.params === 'object' && { params: request.params }),
    status,
  };
}
