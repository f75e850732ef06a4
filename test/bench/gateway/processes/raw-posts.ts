import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/**
 * POSTs over kept connections, one at a time on each, written as bytes: an HTTP client took as much of the machine as
 * the gateway that is measured. Knows answers with a content-length alone.
 */
export class RawPosts {
  readonly #head: string;
  readonly #free: Socket[] = [];
  readonly #waiting: string[] = [];
  #open = 0;
  #idle: () => void = () => undefined;
  #failure: Error | undefined;

  private constructor({ pathname, host }: URL) {
    this.#head = `POST ${pathname} HTTP/1.1\r\nhost: ${host}\r\ncontent-type: application/json\r\ncontent-length: `;
  }

  static async open(url: string, connections: number): Promise<RawPosts> {
    const target = new URL(url);
    const posts = new RawPosts(target);
    for (let at = 0; at < connections; at += 1) {
      const socket = connect({ host: target.hostname, port: Number(target.port), noDelay: true });
      await once(socket, 'connect');
      posts.#listen(socket);
    }
    return posts;
  }

  /** ASCII. Waits for a free connection where all are busy. */
  post(body: string): void {
    this.#open += 1;
    const socket = this.#free.pop();
    if (socket) this.#write(socket, body);
    else this.#waiting.push(body);
  }

  /** Rejects where an answer was not 202 or a connection was lost. */
  async close(): Promise<void> {
    while (this.#open > 0 && !this.#failure) {
      await new Promise<void>((resolve) => {
        this.#idle = resolve;
      });
    }
    for (const socket of this.#free) socket.destroy();
    if (this.#failure) throw this.#failure;
  }

  #listen(socket: Socket): void {
    let text = '';
    socket.setEncoding('latin1').on('data', (chunk) => {
      text += chunk;
      if (!isWhole(text)) return;
      if (!text.startsWith('HTTP/1.1 202')) this.#fail(new Error(`a task was answered ${text}`));
      text = '';
      this.#answered(socket);
    });
    socket.on('error', (error) => this.#fail(error));
    socket.on('end', () => this.#fail(new Error('the gateway closed a connection')));
    this.#free.push(socket);
  }

  #answered(socket: Socket): void {
    this.#open -= 1;
    const next = this.#waiting.shift();
    if (next === undefined) this.#free.push(socket);
    else this.#write(socket, next);
    if (this.#open === 0) this.#idle();
  }

  #write(socket: Socket, body: string): void {
    socket.write(`${this.#head}${body.length}\r\n\r\n${body}`, 'latin1');
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#idle();
  }
}

function isWhole(text: string): boolean {
  const headEnd = text.indexOf('\r\n\r\n');
  const length = /\r\ncontent-length: (\d+)/i.exec(text);
  return headEnd >= 0 && length !== null && text.length >= headEnd + 4 + Number(length[1]);
}
