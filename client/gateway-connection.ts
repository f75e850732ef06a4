import { errorOf, PenstockRequestError } from './request-error.ts';

export interface ConnectionOptions {
  /** Of the gateway, e.g. http://127.0.0.1:8080; a path before /v1 is kept. */
  readonly url: string;
  readonly token?: string;
  /** Default: the global one. */
  readonly fetch?: typeof fetch;
  /** Tries of one request, the first included. Default 6. */
  readonly attempts?: number;
  /** For one try to be answered. Default 30 000. */
  readonly timeoutMs?: number;
}

export interface RequestOptions {
  readonly method?: 'GET' | 'POST' | 'DELETE';
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Default: that of the connection; a request that waits takes longer. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

/** The gateway is busy or restarts, Kafka is away, or a proxy says so of the gateway. */
const passing = new Set([408, 425, 429, 502, 503, 504]);
const firstPauseMs = 100;
const maxPauseMs = 5_000;

/** Requests to one gateway, tried again where that can help. Every request that it makes may be repeated safely. */
export class GatewayConnection {
  readonly #options: ConnectionOptions;
  readonly #base: string;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#base = options.url.replace(/\/+$/, '');
  }

  /** A good answer. Rejects with PenstockRequestError, and with the signal's reason. */
  async request(path: string, options: RequestOptions = {}): Promise<Response> {
    const { attempts = 6 } = this.#options;
    for (let attempt = 1; ; attempt++) {
      const outcome = await this.#try(path, options);
      if (outcome instanceof Response && outcome.ok) return outcome;
      const mayRepeat = outcome instanceof Error || mayPass(outcome);
      const pauseMs = pauseBefore(attempt, outcome);
      if (!mayRepeat || attempt >= attempts) throw outcome instanceof Error ? outcome : await errorOf(outcome);
      if (outcome instanceof Response) await outcome.body?.cancel();
      await pause(pauseMs, options.signal);
    }
  }

  async #try(path: string, options: RequestOptions): Promise<Response | PenstockRequestError> {
    const { fetch: send = fetch, timeoutMs = 30_000 } = this.#options;
    const { method = 'GET', body, signal } = options;
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(new Error('no answer in time')), options.timeoutMs ?? timeoutMs);
    try {
      return await send(this.#base + path + queryOf(options.query), {
        ...{ method, headers: this.#headers(options), redirect: 'error' },
        signal: signal ? AbortSignal.any([signal, late.signal]) : late.signal,
        ...(body !== undefined && { body }),
      });
    } catch (cause) {
      signal?.throwIfAborted();
      return new PenstockRequestError('CLIENT_UNREACHABLE', `no answer from ${this.#base}`, { cause });
    } finally {
      clearTimeout(timer);
    }
  }

  #headers({ headers }: RequestOptions): Record<string, string> {
    const { token } = this.#options;
    return { ...(token !== undefined && { authorization: `Bearer ${token}` }), ...headers };
  }
}

/** A conflict passes where the gateway says when: an earlier try is still under way. */
const mayPass = ({ status, headers }: Response): boolean =>
  passing.has(status) || (status === 409 && headers.has('retry-after'));

function queryOf(query: RequestOptions['query'] = {}): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) parameters.set(name, value);
  return parameters.size === 0 ? '' : `?${parameters}`;
}

/** As the gateway asks, else doubling with full jitter. */
function pauseBefore(attempt: number, outcome: Response | Error): number {
  const asked = outcome instanceof Response ? Number(outcome.headers.get('retry-after') ?? Number.NaN) : Number.NaN;
  if (asked >= 0) return Math.min(asked * 1_000, maxPauseMs);
  return Math.random() * Math.min(maxPauseMs, firstPauseMs * 2 ** attempt);
}

export function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    if (signal?.aborted) stop();
    else signal?.addEventListener('abort', stop, { once: true });
  });
}
