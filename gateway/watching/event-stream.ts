import { Readable } from 'node:stream';

/** Proxies and our own sockets give a connection up on which nothing moves. */
const heartbeatMs = 15_000;
/** Who reads more slowly than that is cut off, and comes back with Last-Event-ID. */
const maxBufferedBytes = 1024 * 1024;
/** Who is that far behind is offered nothing more. */
const maxBehindBytes = 256 * 1024;

/** `data`: one line of JSON. */
export const writtenEvent = (event: string, data: string): string => `event: ${event}\ndata: ${data}\n\n`;

/** Server-sent events on their way to one client. */
export class EventStream extends Readable {
  readonly #heartbeat: NodeJS.Timeout;
  #isOver = false;

  constructor() {
    super({ read() {} });
    this.push('retry: 1000\n\n');
    this.#heartbeat = setInterval(() => this.#write(': still here\n\n'), heartbeatMs);
    this.once('close', () => clearInterval(this.#heartbeat));
  }

  send(event: string, data: object, id?: string): void {
    const named = id === undefined ? '' : `id: ${id}\n`;
    this.#write(named + writtenEvent(event, JSON.stringify(data)));
  }

  /** A whole event that a later one makes up for; whether it was taken. */
  offer(event: Buffer): boolean {
    if (this.destroyed || this.#isOver || this.readableLength > maxBehindBytes) return false;
    this.push(event);
    return true;
  }

  /** After all that was sent. */
  finish(): void {
    clearInterval(this.#heartbeat);
    if (this.destroyed || this.#isOver) return;
    this.#isOver = true;
    this.push(null);
  }

  #write(text: string): void {
    if (this.destroyed || this.#isOver) return;
    if (this.readableLength > maxBufferedBytes) this.destroy();
    else this.push(text);
  }
}
