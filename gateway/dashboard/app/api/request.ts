import { signal } from '@preact/signals';
import { refreshNow } from '../lib/refresh.ts';
import { keepToken, signInReason, token } from './session.ts';

export interface PayloadPlace {
  readonly pointer: string;
  readonly detail: string;
}

/** A failure that the gateway told (application/problem+json), or that it could not be reached. */
export class RequestError extends Error {
  readonly code: string;
  /** 0: no answer. */
  readonly status: number;
  /** Of a payload that does not fit: JSON pointers, and what is wrong there. */
  readonly places: readonly PayloadPlace[];

  constructor(code: string, status: number, message: string, places: readonly PayloadPlace[] = []) {
    super(message);
    this.name = 'RequestError';
    this.code = code;
    this.status = status;
    this.places = places;
  }
}

/** Since when the gateway does not answer; undefined: it does. */
export const lostSince = signal<number | undefined>(undefined);

export interface RequestOptions {
  readonly method?: 'GET' | 'POST' | 'DELETE';
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** The answer's JSON. Rejects with RequestError, or with the reason of the signal. */
export async function requestJson<Answer>(path: string, options: RequestOptions = {}): Promise<Answer> {
  const response = await request(path, options);
  // The one place where JSON becomes a type: the gateway's schemas say what it is.
  return (response.status === 204 ? undefined : await response.json()) as Answer;
}

const early = new Map<string, Promise<unknown>>();
/** An answer that nobody took by then is old. */
const earlyForMs = 1_000;

/** Asks before the part of the page is there that wants to know. */
export function askEarly(path: string): void {
  const answer = requestJson(path);
  early.set(path, answer);
  const forget = (): boolean => early.delete(path);
  answer.then(() => setTimeout(forget, earlyForMs), forget);
}

/** What was asked early, once. */
export function takeEarly<Answer>(path: string): Promise<Answer> | undefined {
  const answer = early.get(path);
  early.delete(path);
  return answer as Promise<Answer> | undefined;
}

/** The answer as it comes: for streams and downloads. Rejects as requestJson does. */
export async function request(path: string, options: RequestOptions = {}): Promise<Response> {
  const { method = 'GET', body, headers, signal: aborted } = options;
  const response = await reach(path, {
    method,
    headers: {
      ...(token.peek() !== null && { authorization: `Bearer ${token.peek()}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    ...(aborted && { signal: aborted }),
  });
  if (response.ok) return response;
  const error = problemOf(response.status, await response.json().catch(() => undefined), response.statusText);
  if (error.status === 401) askForToken(error);
  throw error;
}

async function reach(path: string, init: RequestInit): Promise<Response> {
  try {
    const response = await fetch(path, { ...init, cache: 'no-store', credentials: 'omit' });
    if (lostSince.peek() !== undefined) lostSince.value = undefined;
    return response;
  } catch (error) {
    if (init.signal?.aborted) throw error;
    noteLost();
    throw new RequestError('PIPE_GATEWAY_UNREACHABLE', 0, 'The gateway does not answer.');
  }
}

function askForToken({ message }: RequestError): void {
  // Of several questions with the same token the first says why.
  if (signInReason.peek() !== undefined) return;
  const hadOne = token.peek() !== null;
  if (hadOne) keepToken(null);
  signInReason.value = hadOne ? message : '';
}

/** What a problem document says. */
export function problemOf(status: number, problem: unknown, statusText = ''): RequestError {
  const told = typeof problem === 'object' && problem !== null ? new Map(Object.entries(problem)) : new Map();
  const places: readonly PayloadPlace[] = Array.isArray(told.get('errors')) ? told.get('errors') : [];
  return new RequestError(
    String(told.get('code') ?? `HTTP ${status}`),
    status,
    String(told.get('detail') ?? statusText),
    places,
  );
}

const firstProbeMs = 1_000;
const maxProbeMs = 8_000;

/** Asks until the gateway is back, then has everything asked anew. */
function noteLost(): void {
  if (lostSince.peek() !== undefined) return;
  lostSince.value = Date.now();
  let pauseMs = firstProbeMs;
  const probe = async (): Promise<void> => {
    if (lostSince.peek() === undefined) return refreshNow();
    const isBack = await fetch('/health/live', { cache: 'no-store' }).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isBack) lostSince.value = undefined;
    pauseMs = Math.min(pauseMs * 2, maxProbeMs);
    setTimeout(probe, isBack ? 0 : pauseMs);
  };
  setTimeout(probe, pauseMs);
}
