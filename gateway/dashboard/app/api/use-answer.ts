import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { refreshNow, tick } from '../lib/refresh.ts';
import { watchAnswer } from './live.ts';
import { problemOf, type RequestError, requestJson, takeEarly } from './request.ts';

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

/**
 * The JSON of a GET, and from then on what it would be at each refresh (`once`: asked again only after a failure that
 * passes); an undefined path asks nothing.
 */
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
    const isOverdue = (): boolean => own.leaving.signal.aborted;
    (takeEarly<Data>(path) ?? requestJson<Data>(path, { signal: own.leaving.signal }))
      .then(
        (data) => isOverdue() || setHeld(heldOf(path, data)),
        (error: RequestError) => isOverdue() || setHeld(failedOf(path, error)),
      )
      .finally(() => {
        if (flight.current === own) flight.current = undefined;
      });
  }, [path, tick.value]);
  useLayoutEffect(() => {
    if (path === undefined || once) return;
    return watchAnswer(path, ({ status, body }) => {
      // What is on its way was asked before.
      flight.current?.leaving.abort();
      setHeld(status === 200 ? heldOf(path, body as Data) : failedOf(path, problemOf(status, body)));
    });
  }, [path, once]);
  useLayoutEffect(() => () => flight.current?.leaving.abort(), []);
  return {
    data: held?.data,
    error: held?.error,
    isStale: held !== undefined && held.path !== path,
    at: held?.at,
    again: isSettled ? undefined : refreshNow,
  };
}

const heldOf = <Data>(path: string, data: Data): Held<Data> => ({ path, data, error: undefined, at: Date.now() });

const failedOf =
  (path: string, error: RequestError) =>
  <Data>(before: Held<Data> | undefined): Held<Data> => ({ path, data: before?.data, error, at: before?.at });
