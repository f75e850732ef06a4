import { type EventStream, writtenEvent } from './event-stream.ts';

/** What a plain GET brings. */
export interface PlainAnswer {
  readonly status: number;
  /** One line of JSON. */
  readonly body: string;
}

/** What of a caller's request says who asks. */
export interface CallerHeaders {
  readonly authorization?: string;
  readonly host?: string;
}

export interface LiveListener {
  readonly headers: CallerHeaders;
  readonly events: EventStream;
}

export interface LiveAnswersOptions {
  /** The plain GET of that path, with its checks. */
  ask(path: string, headers: CallerHeaders): Promise<PlainAnswer>;
  /** Callers of one scope are answered alike; undefined: not known, or not known any more. */
  scopeOf(headers: CallerHeaders): string | undefined;
  /** Told of a question that could not be put. */
  onFailure(error: unknown): void;
}

/** One question, and all who want to know its answer. */
export class WatchedAnswer {
  readonly key: string;
  readonly #scope: string;
  readonly #path: string;
  readonly #options: LiveAnswersOptions;
  /** With the number of the answer that each was told last. */
  readonly #told = new Map<LiveListener, number>();
  readonly #same: Buffer;
  #number = 0;
  #answer: Buffer = Buffer.alloc(0);
  #isAsking = false;

  constructor(key: string, scope: string, path: string, options: LiveAnswersOptions) {
    this.key = key;
    this.#scope = scope;
    this.#path = path;
    this.#options = options;
    this.#same = Buffer.from(writtenEvent('same', `{"watch":${JSON.stringify(path)}}`));
  }

  get isAlone(): boolean {
    return this.#told.size === 0;
  }

  join(listener: LiveListener): void {
    this.#told.set(listener, 0);
  }

  leave(listener: LiveListener): void {
    this.#told.delete(listener);
  }

  /** A question that is slower than the pace is waited for. */
  async turn(): Promise<void> {
    const [asker] = this.#entitled();
    if (!asker || this.#isAsking) return;
    this.#isAsking = true;
    try {
      this.#take(await this.#options.ask(this.#path, asker.headers));
    } finally {
      this.#isAsking = false;
    }
  }

  #take({ status, body }: PlainAnswer): void {
    // The asker's token was revoked meanwhile; the next turn asks with another's.
    if (status === 401) return;
    const told = `{"watch":${JSON.stringify(this.#path)},"status":${status},"body":${body}}`;
    const answer = Buffer.from(writtenEvent('answer', told));
    if (!answer.equals(this.#answer)) {
      this.#answer = answer;
      this.#number += 1;
    }
    for (const listener of this.#entitled()) this.#tell(listener);
  }

  /** Who reads too slowly misses answers, not connections. */
  #tell(listener: LiveListener): void {
    const isNew = this.#told.get(listener) !== this.#number;
    if (listener.events.offer(isNew ? this.#answer : this.#same)) this.#told.set(listener, this.#number);
  }

  /** Those whose token still says the same; the streams of all others end. */
  #entitled(): LiveListener[] {
    return [...this.#told.keys()].filter((listener) => {
      const isEntitled = this.#options.scopeOf(listener.headers) === this.#scope;
      if (!isEntitled) listener.events.finish();
      return isEntitled;
    });
  }
}
