import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

/** For a request that was on its way when the gateway began to close. */
const graceMs = 1_000;

/**
 * Ends connections over which no request ever came whole, once the gateway closes: browsers and clients open some in advance.
 * A closing node server waits for them, and no longer looks at how late their headers are.
 */
export function endSilentConnections(app: FastifyInstance): void {
  const silent = new Set<Socket>();
  let timer: NodeJS.Timeout | undefined;
  app.server.on('connection', (socket) => {
    silent.add(socket);
    socket.once('close', () => silent.delete(socket));
  });
  app.server.on('request', ({ socket }) => silent.delete(socket));
  app.addHook('preClose', async () => {
    timer = setTimeout(() => {
      for (const socket of silent) socket.destroy();
    }, graceMs);
  });
  app.addHook('onClose', async () => clearTimeout(timer));
}
