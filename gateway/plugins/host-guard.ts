import type { FastifyInstance } from 'fastify';
import { PenstockError } from '../../schemas/errors.ts';

const loopback = /^(localhost|127(\.\d{1,3}){3}|::1)$/;

/** True for addresses and the name that reach only this machine. */
export function isLoopback(host: string): boolean {
  return loopback.test(host.replace(/^\[|\]$/g, '').toLowerCase());
}

/**
 * Without tokens, loopback is the only fence, and a web page can climb it by letting its own name resolve to
 * 127.0.0.1 (DNS rebinding): so the Host header must name loopback too.
 */
export function installHostGuard(app: FastifyInstance): void {
  app.addHook('onRequest', async (request) => {
    if (isLoopback(hostnameOf(request.headers.host ?? ''))) return;
    throw new PenstockError('PIPE_GATEWAY_HOST_REFUSED', 'without tokens only loopback host names are served');
  });
}

function hostnameOf(host: string): string {
  return host.startsWith('[') ? host.slice(0, host.indexOf(']') + 1) : (host.split(':')[0] ?? '');
}

/** Throws PIPE_GATEWAY_TOKENS_REQUIRED where strangers could reach a gateway without tokens. */
export function checkExposure(host: string, tokens: readonly string[]): void {
  if (tokens.length > 0 || isLoopback(host)) return;
  throw new PenstockError('PIPE_GATEWAY_TOKENS_REQUIRED', `refusing to listen on ${host} without tokens`, {
    context: { host },
  });
}
