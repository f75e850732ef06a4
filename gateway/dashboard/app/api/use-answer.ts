import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { refreshNow, tick } from '../lib/refresh.ts';
import { type RequestError, requestJson } from './request.ts';

export interface Answer<Data> {
  /** The last answer; it stays while the next one is on its way, so nothing jumps. */
  readonly data: Data | undefined;
  /** Of the last try. */
  readonly error: RequestError | undefined;
  /** `data` belongs to another question: what is shown is about to change. */
  readonly isStale: boolean;
  /** When `data` came, epoch ms. */
  readonly at: number | undefined;
  /** undefined: it would be told the same. */
  readonly again: (() => void) | undefined;
}

interface Held<Data> {
  readonly path: string;
  readonly data: Data | undefined;
  readonly error: RequestError | undefined;
  readonly at: number | undefined;
}

/** The JSON of a GET, asked again at every refresh (`once`: only after a failure that passes); an undefined path asks nothing. */
export function useAnswer<Data>(path: string | undefined, { once = false } = {}): Answer<Data> {
  const [held, setHeld] = useState<Held<Data> | undefined>(undefined);
  const flight = useRef<{ readonly path: string; readonly leaving: AbortController } | undefined>(undefined);
  const isPassing = held?.error !== undefined && (held.error.status === 0 || held.error.status >= 500);
  const isSettled = once && held?.path === path && !isPassing;
  // Not useEffect, which waits for a frame: each question would begin later by one.
  useLayoutEffect(() => {
    // A question that is slower than the refresh is waited for, not asked over and over.
    if (path === undefined || isSettled || flight.current?.path === path) return;
    flight.current?.leaving.abort();
    const own = { path, leaving: new AbortController() };
    flight.current = own;
    ask<Data>(own, setHeld).finally(() => {
      if (flight.current === own) flight.current = undefined;
    });
  }, [path, tick.value]);
  useLayoutEffect(() => () => flight.current?.leaving.abort(), []);
  return {
    data: held?.data,
    error: held?.error,
    isStale: held !== undefined && held.path !== path,
    at: held?.at,
    again: isSettled ? undefined : refreshNow,
  };
}

async function ask<Data>(
  { path, leaving }: { readonly path: string; readonly leaving: AbortController },
  setHeld: (change: (before: Held<Data> | undefined) => Held<Data>) => void,
): Promise<void> {
  try {
    const data = await requestJson<Data>(path, { signal: leaving.signal });
    setHeld(() => ({ path, data, error: undefined, at: Date.now() }));
  } catch (error) {
    if (leaving.signal.aborted) return;
    setHeld((before) => ({ path, data: before?.data, error: error as RequestError, at: before?.at }));
  }
}
