import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { PenstockError } from '../../schemas/errors.ts';
import { lazy } from '../intake/lazy.ts';
import { type DashboardFile, loadDashboardFiles } from './dashboard-files.ts';
import { pagePaths } from './page-paths.ts';

/** All that a page loads comes from here: nothing inline, nothing evaluated, no other host, no form that is sent. */
const contentSecurityPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; " +
  "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

/** The dashboard's pages and the files they load. Open to all: they hold no data, and what they ask for needs a token. */
export function addDashboardRoutes(app: FastifyInstance): void {
  const files = lazy(loadDashboardFiles);
  const options = { config: { role: 'none' }, schema: { hide: true } } as const;
  const send = async (name: string, request: FastifyRequest, reply: FastifyReply) => {
    const file = (await files.get()).get(name);
    if (!file) throw new PenstockError('PIPE_GATEWAY_ROUTE_UNKNOWN', 'no such file of the dashboard');
    return sendFile(file, request, reply);
  };
  for (const path of Object.values(pagePaths)) {
    app.get(path, options, (request, reply) => send('index.html', request, reply));
  }
  app.get<{ Params: { file: string } }>('/dashboard/:file', options, (request, reply) =>
    send(request.params.file, request, reply),
  );
}

function sendFile(file: DashboardFile, { headers }: FastifyRequest, reply: FastifyReply): FastifyReply {
  reply.headers({
    'content-security-policy': contentSecurityPolicy,
    'cache-control': file.isImmutable ? 'public, max-age=31536000, immutable' : 'no-cache',
    etag: file.etag,
    vary: 'accept-encoding',
  });
  if (headers['if-none-match'] === file.etag) return reply.code(304).send();
  reply.type(file.type);
  if (!/\bgzip\b/.test(headers['accept-encoding'] ?? '')) return reply.send(file.bytes);
  return reply.header('content-encoding', 'gzip').send(file.gzipped);
}
