import type { FastifyBaseLogger, FastifyRequest } from 'fastify';

/** The logger for lines about one request. Made only where something is logged: one for each request is dear. */
export function requestLog(request: FastifyRequest): FastifyBaseLogger {
  return request.log.child({ reqId: request.id });
}
