import type { Readable } from 'node:stream';
import { type Dispatcher, request } from 'undici';
import { PenstockError } from '../../../schemas/errors.ts';
import type { Breakers } from '../../middleware/breaker.ts';
import { downloadFailure, statusFailure } from './download-failure.ts';
import { parseSourceUrl, shownUrl } from './source-url.ts';

export interface FetchedSource {
  readonly body: Readable;
  /** Without query. */
  readonly shown: string;
  readonly contentType: string | undefined;
  readonly contentDisposition: string | undefined;
  readonly lengthBytes: number | undefined;
  /** Only a length or chunks show whether the answer is whole; one ended by closing may be cut short unseen. */
  readonly isFramed: boolean;
}

export interface FetchOptions {
  readonly dispatcher: Dispatcher;
  readonly breakers: Breakers;
  readonly signal: AbortSignal;
}

const maxRedirects = 5;
const redirects = new Set([301, 302, 303, 307, 308]);
/** identity: what is never compressed cannot be a decompression bomb. */
const headers = { accept: '*/*', 'accept-encoding': 'identity', 'user-agent': 'penstock' };

type Answer = Dispatcher.ResponseData;

function headerOf(answer: Answer, name: string): string | undefined {
  const value = answer.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** One exchange, without following. Answers 200 and redirects only; the rest is thrown. */
async function askOnce(url: URL, options: FetchOptions): Promise<Answer> {
  const shown = shownUrl(url);
  const { signal, dispatcher } = options;
  const answer = await request(url, { method: 'GET', headers, dispatcher, signal }).catch((error: unknown) => {
    throw signal.aborted ? signal.reason : downloadFailure(error, 'answer', shown);
  });
  if (answer.statusCode === 200) return answer;
  // What an error page says is of no use; reading a little of it keeps the connection.
  await answer.body.dump({ limit: 16_384, signal });
  if (redirects.has(answer.statusCode)) return answer;
  throw statusFailure(answer.statusCode, shown, headerOf(answer, 'retry-after'));
}

function nextUrl(answer: Answer, from: URL, seen: ReadonlySet<string>): URL {
  const location = headerOf(answer, 'location');
  const refuse = (reason: string): PenstockError =>
    new PenstockError('PIPE_DOWNLOAD_REDIRECT', `${shownUrl(from)}: ${reason}`, { context: { url: shownUrl(from) } });
  if (location === undefined) throw refuse('a redirect without a target');
  const next = parseSourceUrl(location, from);
  if (seen.has(next.href)) throw refuse('the redirects form a loop');
  if (seen.size > maxRedirects) throw refuse(`more than ${maxRedirects} redirects`);
  return next;
}

function describe(answer: Answer, url: URL): FetchedSource {
  const shown = shownUrl(url);
  const encoding = headerOf(answer, 'content-encoding')?.trim().toLowerCase() ?? 'identity';
  if (encoding !== 'identity' && encoding !== '') {
    // Emitted when a body is given up half-way; nobody else listens any more.
    answer.body.on('error', () => undefined).destroy();
    throw new PenstockError('PIPE_DOWNLOAD_ENCODED', `${shown}: content-encoding “${encoding.slice(0, 40)}”`, {
      context: { url: shown },
    });
  }
  const length = headerOf(answer, 'content-length');
  return {
    body: answer.body,
    shown,
    contentType: headerOf(answer, 'content-type'),
    contentDisposition: headerOf(answer, 'content-disposition'),
    lengthBytes: length === undefined ? undefined : Number(length),
    isFramed: length !== undefined || headerOf(answer, 'transfer-encoding') !== undefined,
  };
}

/** Asks for the source, following at most five redirects by hand; every hop passes the guard and its host's breaker. */
export async function fetchSource(text: string, options: FetchOptions): Promise<FetchedSource> {
  let url = parseSourceUrl(text);
  const seen = new Set<string>();
  for (;;) {
    seen.add(url.href);
    const here = url;
    const answer = await options.breakers.withBreaker(here.host, () => askOnce(here, options));
    if (answer.statusCode === 200) return describe(answer, here);
    url = nextUrl(answer, here, seen);
  }
}
