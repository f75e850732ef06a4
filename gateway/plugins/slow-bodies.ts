import type { FastifyInstance, FastifyRequest } from 'fastify';

export interface PaceOptions {
  /** Default 5 000. A body that fell short in a whole period of this length is cut off, so after 5 to 10 s. */
  readonly periodMs?: number;
  /** Default 1 000. */
  readonly minBytesPerSecond?: number;
}

/** With the bytes that its connection had brought at the last look. */
type Uploads = Map<FastifyRequest['raw'], number>;

/**
 * Cuts off who sends a body slower than any network does, so that a few machines cannot hold all connections. A large
 * NDJSON body may take an hour; what counts is that it moves. While the gateway itself does not read, waiting for Kafka,
 * nobody is late.
 */
export function installSlowBodies(app: FastifyInstance, options: PaceOptions = {}): void {
  const { periodMs = 5_000, minBytesPerSecond = 1_000 } = options;
  const uploads: Uploads = new Map();
  const timer = setInterval(() => cutLate(uploads, (minBytesPerSecond * periodMs) / 1_000), periodMs).unref();
  app.addHook('onClose', async () => clearInterval(timer));
  app.addHook('onRequest', ({ raw }, _reply, done) => {
    if (!raw.complete && hasBody(raw)) uploads.set(raw, Number.NaN);
    done();
  });
  app.addHook('onResponse', ({ raw }, _reply, done) => {
    uploads.delete(raw);
    done();
  });
}

function hasBody({ headers }: FastifyRequest['raw']): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

function cutLate(uploads: Uploads, minBytes: number): void {
  for (const [request, bytesRead] of uploads) {
    const { socket } = request;
    // Arrived and not answered yet, or gone without an answer.
    if (request.complete || request.destroyed) {
      uploads.delete(request);
      continue;
    }
    const waitsForSender = request.readableLength === 0 && !request.isPaused();
    // The first look of an upload only takes its measure: the comparison with NaN is false.
    if (waitsForSender && socket.bytesRead - bytesRead < minBytes) socket.destroy();
    uploads.set(request, waitsForSender ? socket.bytesRead : Number.NaN);
  }
}
