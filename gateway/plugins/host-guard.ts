import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyInstance } from 'fastify';
import type { Config } from '../../schemas/config.ts';
import { PenstockError } from '../../schemas/errors.ts';

const loopback = /^(localhost|127(\.\d{1,3}){3}|::1|\[::1\])$/i;
const loopbackHost = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d*)?$/i;

/** True for addresses and the name that reach only this machine. */
export function isLoopback(host: string): boolean {
  return loopback.test(host);
}

/**
 * Without tokens, loopback is the only fence, and a web page of the same machine's browser can climb it: by letting its
 * own name resolve to 127.0.0.1 (DNS rebinding), so the Host header must name loopback too; or by posting blindly across
 * origins, so what browsers say of the origin must be our own.
 */
export function installHostGuard(app: FastifyInstance): void {
  app.addHook('onRequest', ({ headers, method }, _reply, done) => done(refusalOf(method, headers)));
}

function refusalOf(method: string, headers: IncomingHttpHeaders): PenstockError | undefined {
  if (!loopbackHost.test(headers.host ?? '')) {
    return new PenstockError('PIPE_GATEWAY_HOST_REFUSED', 'without tokens only loopback host names are served');
  }
  if (method === 'GET' || method === 'HEAD' || !isForeign(headers)) return undefined;
  return new PenstockError('PIPE_GATEWAY_ORIGIN_REFUSED', 'without tokens pages of other origins may not write');
}

function isForeign({ origin, host, 'sec-fetch-site': site }: IncomingHttpHeaders): boolean {
  if (origin !== undefined && origin !== `http://${host}`) return true;
  return site === 'cross-site' || site === 'same-site';
}

/** Throws PIPE_GATEWAY_TOKENS_REQUIRED where strangers could reach a gateway without tokens. */
export function checkExposure(host: string, { tokens, tokensFile }: Pick<Config, 'tokens' | 'tokensFile'>): void {
  if (tokens.length > 0 || tokensFile !== undefined || isLoopback(host)) return;
  throw new PenstockError('PIPE_GATEWAY_TOKENS_REQUIRED', `refusing to listen on ${host} without tokens`, {
    context: { host },
  });
}
