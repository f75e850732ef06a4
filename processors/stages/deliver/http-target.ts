import type { Readable } from 'node:stream';
import { Agent, type Dispatcher, request } from 'undici';
import { PenstockError } from '../../../schemas/errors.ts';
import type { BlobRef } from '../../blobs/blob-store.ts';
import { shownUrl } from '../fetch/source-url.ts';
import { differs, noAnswer, uploadStatusFailure } from './upload-failure.ts';
import type { UploadTarget } from './upload-target.ts';

type Answer = Dispatcher.ResponseData;

interface Place {
  readonly url: URL;
  readonly shown: string;
  readonly authorization: Readonly<Record<string, string>>;
}

function headerOf(answer: Answer, name: string): string | undefined {
  const value = answer.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

function placeOf(base: URL, name: string): Place {
  const url = new URL(base);
  const { username, password } = base;
  url.username = '';
  url.password = '';
  url.pathname = `${base.pathname.replace(/\/+$/, '')}/${name}`;
  const login = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  const isOpen = username === '' && password === '';
  const authorization = isOpen ? {} : { authorization: `Basic ${Buffer.from(login).toString('base64')}` };
  return { url, shown: shownUrl(url), authorization };
}

const digestOf = (sha256: string): string => `sha-256=:${Buffer.from(sha256, 'hex').toString('base64')}:`;

/** The hash of what the server stored, in lower-case hex, where it tells (RFC 9530, or the header many stores use). */
function storedHash(answer: Answer): string | undefined {
  const digest = /(?:^|,)\s*sha-256=:([^:]+):/i.exec(headerOf(answer, 'repr-digest') ?? '')?.[1];
  if (digest !== undefined) return Buffer.from(digest, 'base64').toString('hex');
  const plain = headerOf(answer, 'x-checksum-sha256')?.toLowerCase();
  return plain !== undefined && /^[0-9a-f]{64}$/.test(plain) ? plain : undefined;
}

/** Servers that know no HEAD, or hide what they took, leave the 2xx as the only word. */
const tellsNothing = (status: number): boolean => (status >= 400 && status !== 404 && status !== 410) || status < 200;

function checkStored(answer: Answer, blob: BlobRef, shown: string): void {
  if (tellsNothing(answer.statusCode)) return;
  if (answer.statusCode >= 300) throw differs(shown, 'object, or none');
  const hash = storedHash(answer);
  if (hash !== undefined && hash !== blob.sha256) throw differs(shown, 'sha256');
  const length = headerOf(answer, 'content-length');
  if (length !== undefined && Number(length) !== blob.sizeBytes) throw differs(shown, 'size');
}

async function send(
  dispatcher: Dispatcher,
  method: 'PUT' | 'HEAD',
  { url, shown, authorization }: Place,
  options: { headers: Record<string, string>; body?: Readable; signal: AbortSignal },
): Promise<Answer> {
  const { body, signal } = options;
  const headers = { ...options.headers, ...authorization, 'user-agent': 'penstock' };
  const call = { method, headers, dispatcher, signal, ...(body === undefined ? {} : { body }) };
  try {
    const answer = await request(url, call);
    await answer.body.dump({ limit: 16_384, signal });
    return answer;
  } catch (error) {
    throw error instanceof PenstockError || signal.aborted ? error : noAnswer(shown, error);
  }
}

function putHeaders(blob: BlobRef): Record<string, string> {
  return {
    'content-length': String(blob.sizeBytes),
    'content-type': blob.contentType,
    'content-digest': digestOf(blob.sha256),
  };
}

/** PUT of each object below one URL, then a HEAD to see that it is there. Redirects are not followed. */
export function httpTarget(baseUrl: string, idleTimeoutMs: number): UploadTarget {
  const base = new URL(baseUrl);
  const dispatcher = new Agent({ headersTimeout: idleTimeoutMs, bodyTimeout: idleTimeoutMs });
  return {
    host: base.host,
    async put({ name, blob }, bytes, signal) {
      const place = placeOf(base, name);
      try {
        const answer = await send(dispatcher, 'PUT', place, { headers: putHeaders(blob), body: bytes, signal });
        if (answer.statusCode < 200 || answer.statusCode > 299) {
          throw uploadStatusFailure(answer.statusCode, place.shown, headerOf(answer, 'retry-after'));
        }
        const stored = await send(dispatcher, 'HEAD', place, { headers: { 'accept-encoding': 'identity' }, signal });
        checkStored(stored, blob, place.shown);
      } finally {
        bytes.destroy();
      }
    },
  };
}
