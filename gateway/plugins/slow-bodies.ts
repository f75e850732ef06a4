import type { Socket } from 'node:net';
import type { FastifyInstance, FastifyRequest } from 'fastify';

export interface PaceOptions {
  /** Default 5 000. A body that fell short in a whole period of this length is cut off, so after 5 to 10 s. */
  readonly periodMs?: number;
  /** Default 1 000. */
  readonly minBytesPerSecond?: number;
}

interface Upload {
  readonly request: FastifyRequest['raw'];
  readonly socket: Socket;
  bytesRead: number;
}

/**
 * Cuts off who sends a body slower than any network does, so that a few machines cannot hold all connections. A large
 * NDJSON body may take an hour; what counts is that it moves. While the gateway itself does not read, waiting for Kafka,
 * nobody is late.
 */
export function installSlowBodies(app: FastifyInstance, options: PaceOptions = {}): void {
  const { periodMs = 5_000, minBytesPerSecond = 1_000 } = options;
  const uploads = new Set<Upload>();
  const timer = setInterval(() => cutLate(uploads, (minBytesPerSecond * periodMs) / 1_000), periodMs).unref();
  app.addHook('onClose', async () => clearInterval(timer));
  app.addHook('onRequest', async ({ raw }) => {
    if (raw.complete || !hasBody(raw)) return;
    const upload = { request: raw, socket: raw.socket, bytesRead: Number.NaN };
    uploads.add(upload);
    const forget = (): void => void uploads.delete(upload);
    raw.once('end', forget).once('close', forget);
  });
}

function hasBody({ headers }: FastifyRequest['raw']): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

function cutLate(uploads: ReadonlySet<Upload>, minBytes: number): void {
  for (const upload of uploads) {
    const { request, socket } = upload;
    const waitsForSender = request.readableLength === 0 && !request.isPaused();
    // The first look of an upload only takes its measure: the comparison with NaN is false.
    if (waitsForSender && socket.bytesRead - upload.bytesRead < minBytes) socket.destroy();
    upload.bytesRead = waitsForSender ? socket.bytesRead : Number.NaN;
  }
}
