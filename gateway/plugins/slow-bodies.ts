import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

export interface PaceOptions {
  /** Default 5 000. A body that fell short in a whole period of this length is cut off, so after 5 to 10 s. */
  readonly periodMs?: number;
  /** Default 1 000. */
  readonly minBytesPerSecond?: number;
}

/** The last request of each open connection that has a body. */
interface Upload {
  request: IncomingMessage;
  /** What the connection had brought at the last look; NaN: not looked at yet. */
  bytesRead: number;
}

/**
 * Cuts off who sends a body slower than any network does, so that a few machines cannot hold all connections. A large
 * NDJSON body may take an hour; what counts is that it moves. While the gateway itself does not read, waiting for Kafka,
 * nobody is late.
 */
export function installSlowBodies(app: FastifyInstance, options: PaceOptions = {}): void {
  const { periodMs = 5_000, minBytesPerSecond = 1_000 } = options;
  // By connection: an entry for each request, made and deleted, took a twentieth of a POST.
  const uploads = new Map<Socket, Upload>();
  const timer = setInterval(() => cutLate(uploads, (minBytesPerSecond * periodMs) / 1_000), periodMs).unref();
  app.addHook('onClose', async () => clearInterval(timer));
  app.addHook('onRequest', ({ raw }, _reply, done) => {
    if (!raw.complete && hasBody(raw)) note(uploads, raw);
    done();
  });
}

function note(uploads: Map<Socket, Upload>, request: IncomingMessage): void {
  const { socket } = request;
  const upload = uploads.get(socket);
  if (upload) {
    upload.request = request;
    upload.bytesRead = Number.NaN;
    return;
  }
  uploads.set(socket, { request, bytesRead: Number.NaN });
  socket.once('close', () => uploads.delete(socket));
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

function cutLate(uploads: ReadonlyMap<Socket, Upload>, minBytes: number): void {
  for (const [socket, upload] of uploads) {
    const { request, bytesRead } = upload;
    // Arrived and not answered yet, answered, or gone without an answer.
    if (request.complete || request.destroyed) continue;
    const waitsForSender = request.readableLength === 0 && !request.isPaused();
    // The first look of an upload only takes its measure: the comparison with NaN is false.
    if (waitsForSender && socket.bytesRead - bytesRead < minBytes) socket.destroy();
    upload.bytesRead = waitsForSender ? socket.bytesRead : Number.NaN;
  }
}
