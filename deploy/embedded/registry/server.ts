import fastify, { type FastifyError, type FastifyInstance } from 'fastify';
import { parse } from 'secure-json-parse';
import { messageOf, PenstockError } from '../../../schemas/errors.ts';
import { openEventLog } from './event-log.ts';
import { Registry } from './registry.ts';
import { RegistryFault } from './registry-fault.ts';
import { registryRoutes } from './routes.ts';

export interface RegistryOptions {
  /** Folder of its log; one process at a time. */
  readonly dataDir: string;
  /** Loopback port; 0 takes a free one. */
  readonly port: number;
}

export interface RunningRegistry {
  readonly port: number;
  close(): Promise<void>;
}

const contentType = 'application/vnd.schemaregistry.v1+json';

/**
 * A small schema registry on loopback: the Confluent REST interface for Avro, without references, modes and contexts.
 * Every write is on disk before its answer. Rejects with PIPE_STACK_PORT_IN_USE, PIPE_STACK_REGISTRY_DAMAGED.
 */
export async function startRegistry({ dataDir, port }: RegistryOptions): Promise<RunningRegistry> {
  const registry = new Registry(await openEventLog(dataDir));
  const app = buildApp(registry);
  try {
    await app.listen({ host: '127.0.0.1', port });
  } catch (cause) {
    await registry.close();
    throw listenFailure(cause, port);
  }
  return {
    port: portOf(app, port),
    async close() {
      await app.close();
      await registry.close();
    },
  };
}

function portOf(app: FastifyInstance, asked: number): number {
  const [address] = app.addresses();
  return typeof address === 'object' ? address.port : asked;
}

function listenFailure(cause: unknown, port: number): unknown {
  const isTaken = cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE';
  if (!isTaken) return cause;
  return new PenstockError('PIPE_STACK_PORT_IN_USE', `port ${port} is in use`, { context: { port }, cause });
}

function buildApp(registry: Registry): FastifyInstance {
  const app = fastify({ bodyLimit: 1 << 20, routerOptions: { maxParamLength: 512 }, forceCloseConnections: true });
  app.removeContentTypeParser(['application/json', 'text/plain']);
  // Only JSON types: a page in a browser can not send one here without asking first, and is not answered.
  app.addContentTypeParser(
    /^application\/(?:vnd\.schemaregistry(?:\.v1)?\+)?json/,
    { parseAs: 'string' },
    async (_request: unknown, body: string | Buffer) => {
      return body.length === 0 ? undefined : parse(body.toString());
    },
  );
  app.addHook('onSend', async (_request, reply) => {
    reply.header('content-type', contentType);
  });
  app.setErrorHandler<FastifyError | RegistryFault | SyntaxError>((error, _request, reply) => {
    const { status, code } = statusOf(error);
    reply.code(status).send(JSON.stringify({ error_code: code, message: messageOf(error) }));
  });
  app.setNotFoundHandler((_request, reply) => {
    reply.code(404).send(JSON.stringify({ error_code: 404, message: 'HTTP 404 Not Found' }));
  });
  registryRoutes(app, registry);
  return app;
}

function statusOf(error: FastifyError | RegistryFault | SyntaxError): { status: number; code: number } {
  if (error instanceof RegistryFault) return { status: error.status, code: error.errorCode };
  if (error instanceof SyntaxError) return { status: 400, code: 400 };
  const status = 'statusCode' in error ? (error.statusCode ?? 500) : 500;
  return { status, code: status === 500 ? 50001 : status };
}
