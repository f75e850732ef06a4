import type { FastifyInstance, FastifyRequest } from 'fastify';
import { PenstockError } from '../../schemas/errors.ts';
import { anybody, type Identity, nobody, type Role } from './identity.ts';
import type { TokenBook } from './token-book.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Role that a caller of this route needs; 'any': a token is enough; 'none': no token either. Nothing said: admin. */
    role?: Role | 'any' | 'none';
  }
  interface FastifyRequest {
    /** Who calls. Bind what you answer to its tenant and pipelines: scopeOf, maySee, tenantFor. */
    identity: Identity;
  }
}

/**
 * Sets `request.identity` and refuses who lacks the route's role (`config: { role: 'read' }`). Without a book any caller
 * may do all: loopback and the host guard are the fence then.
 */
export function installAccess(app: FastifyInstance, book: TokenBook | undefined): void {
  if (!book) {
    app.decorateRequest('identity', { getter: () => anybody });
    return;
  }
  app.decorateRequest('identity');
  app.addHook('onRequest', (request, _reply, done) => done(refusalOf(request, book)));
}

function refusalOf(request: FastifyRequest, book: TokenBook): PenstockError | undefined {
  const { role = 'admin' } = request.routeOptions.config;
  const identity = role === 'none' ? nobody : bearerOf(request, book);
  if (identity instanceof PenstockError) return identity;
  request.identity = identity;
  if (request.is404 || mayCall(identity, role)) return undefined;
  return new PenstockError('PIPE_GATEWAY_FORBIDDEN', `the token lacks the role ${role}`, { context: { role } });
}

function mayCall({ roles }: Identity, role: Role | 'any' | 'none'): boolean {
  return role === 'none' || role === 'any' || roles.has(role);
}

function bearerOf({ headers: { authorization } }: FastifyRequest, book: TokenBook): Identity | PenstockError {
  const token = tokenOf(authorization);
  if (token === undefined) return unauthorized('a bearer token is required');
  return book.find(token) ?? unauthorized('the bearer token is not known');
}

/** Whom an authorization header stands for at this moment; undefined: nobody. Without a book it is anybody. */
export function callerOf(authorization: string | undefined, book: TokenBook | undefined): Identity | undefined {
  if (!book) return anybody;
  const token = tokenOf(authorization);
  return token === undefined ? undefined : book.find(token);
}

const tokenOf = (authorization = ''): string | undefined => /^Bearer +([!-~]+)$/i.exec(authorization)?.[1];

const unauthorized = (message: string): PenstockError => new PenstockError('PIPE_GATEWAY_UNAUTHORIZED', message);
