import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** `drop`: the work is done and the answer lost; `cut`: the connection ends before the request is through. */
export type Unkindness = 'none' | 'slow' | 'drop' | 'cut';

export interface UnkindProxy {
  readonly url: string;
  mood: Unkindness;
  /** Answers withheld or delayed. */
  readonly counts: Record<Unkindness, number>;
  close(): void;
}

/** Stands before ClickHouse, and treats inserts as its mood is. */
export async function startUnkindProxy(port: number, slowMs = 400): Promise<UnkindProxy> {
  const counts = { none: 0, slow: 0, drop: 0, cut: 0 };
  const pass = async (incoming: IncomingMessage, answer: ServerResponse): Promise<void> => {
    const isInsert = incoming.url?.includes('insert_deduplication_token') ?? false;
    const mood = isInsert ? proxy.mood : 'none';
    counts[mood] += 1;
    if (mood === 'cut') return void incoming.socket.destroy();
    if (mood === 'slow') await delay(slowMs);
    const { url: path, method, headers } = incoming;
    const onward = request({ port, host: '127.0.0.1', path, method, headers }, (reply) => {
      if (mood === 'drop') {
        reply.resume().on('end', () => incoming.socket.destroy());
        return;
      }
      answer.writeHead(reply.statusCode ?? 500, reply.headers);
      reply.pipe(answer);
    });
    onward.on('error', () => incoming.socket.destroy());
    incoming.on('error', () => onward.destroy());
    incoming.pipe(onward);
  };
  const server = createServer((incoming, answer) => void pass(incoming, answer));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port: own } = server.address() as AddressInfo;
  const proxy: UnkindProxy = {
    url: `http://127.0.0.1:${own}`,
    mood: 'none',
    counts,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
  return proxy;
}
