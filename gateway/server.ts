import type { AddressInfo } from 'node:net';
import closeWithGrace from 'close-with-grace';
import type { FastifyInstance } from 'fastify';
import { messageOf, PenstockError } from '../schemas/errors.ts';
import { buildGateway, type GatewayOptions } from './app.ts';
import { checkExposure } from './plugins/host-guard.ts';

export interface RunningGateway {
  readonly app: FastifyInstance;
  readonly url: string;
  /** Stops accepting, answers what it holds, flushes, leaves. */
  stop(): Promise<void>;
}

/**
 * Connections that the kernel holds until they are accepted; Linux takes it down to net.core.somaxconn. With node's 511 a thousand
 * callers that come at once lose their first packet, and try again after 1, 3 and 7 seconds.
 */
const backlog = 4_096;

/** Builds and listens; port 0 takes a free one. Rejects with PIPE_GATEWAY_TOKENS_REQUIRED. */
export async function startGateway(
  options: GatewayOptions,
  listen: { host: string; port: number } = options.config.http,
): Promise<RunningGateway> {
  checkExposure(listen.host, options.config);
  const app = buildGateway(options);
  try {
    await app.listen({ ...listen, backlog });
  } catch (error) {
    await app.close();
    throw listenFailure(error, listen);
  }
  return { app, url: urlOf(app.server.address()), stop: () => app.close() };
}

const shutdownLimitMs = 15_000;

/** Stops the gateway and ends the process on SIGTERM, SIGINT, and on an error that nobody caught. */
export function stopGracefully(gateway: RunningGateway): void {
  const { log } = gateway.app;
  closeWithGrace({ delay: shutdownLimitMs, logger: false }, async ({ err, signal }) => {
    if (err) log.error({ reason: messageOf(err) }, 'gateway stops on an error');
    else log.info({ signal }, 'gateway stops');
    await gateway.stop();
  });
}

function listenFailure(error: unknown, { host, port }: { host: string; port: number }): PenstockError {
  const context = { host, port };
  return new PenstockError('PIPE_GATEWAY_LISTEN_FAILED', `cannot listen on ${host}:${port}: ${messageOf(error)}`, {
    context,
    cause: error,
  });
}

function urlOf(address: AddressInfo | string | null): string {
  if (address === null || typeof address === 'string') return String(address);
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return `http://${host}:${address.port}`;
}
