import { effect, signal } from '@preact/signals';
import { isPaused, refreshNow } from '../lib/refresh.ts';
import { refresh } from '../lib/settings.ts';
import { openEvents, type StreamState } from './events.ts';
import { lostSince } from './request.ts';
import { caller } from './session.ts';

/** As a GET of `watch` would answer. */
export interface LiveAnswer {
  readonly watch: string;
  readonly status: number;
  readonly body: unknown;
}

type Listener = (answer: LiveAnswer) => void;

/** Of the stream that all parts of a page share: a browser opens six connections to a host and no more. */
export const liveState = signal<StreamState>('opening');

const listeners = new Map<string, Set<Listener>>();
const watched = signal('');
/** The parts of a page come one after the other. */
const gatherMs = 300;
/** As many as the gateway takes. */
const maxWatched = 100;
/** Beyond the pace: the slowest answer takes ten seconds. */
const maxSilenceMs = 20_000;
let gathering: ReturnType<typeof setTimeout> | undefined;

/** Tells what that path answers when it has changed, at each refresh, until the function that comes back is called. */
export function watchAnswer(path: string, listener: Listener): () => void {
  const own = listeners.get(path) ?? new Set();
  listeners.set(path, own.add(listener));
  gather();
  return () => {
    own.delete(listener);
    if (own.size === 0) listeners.delete(path);
    gather();
  };
}

function gather(): void {
  clearTimeout(gathering);
  gathering = setTimeout(() => {
    const paths = [...listeners.keys()].sort().slice(0, maxWatched);
    watched.value = paths.map((path) => `&watch=${encodeURIComponent(path)}`).join('');
  }, gatherMs);
}

/** Keeps the stream open while there is something to watch and somebody who looks. */
export function followAnswers(): void {
  const turn = signal(0);
  effect(() => {
    turn.value;
    if (watched.value === '' || isPaused.value || !caller.value || lostSince.value !== undefined) return;
    const seconds = refresh.value;
    let silence: ReturnType<typeof setTimeout> | undefined;
    // A connection may be dead without a word: of one that lives something is heard at each refresh.
    const hear = (): void => {
      clearTimeout(silence);
      silence = setTimeout(
        () => {
          turn.value += 1;
        },
        Number(seconds) * 1_000 + maxSilenceMs,
      );
    };
    const stop = openEvents(`/v1/live?every=${seconds}s${watched.value}`, {
      onEvent({ name, data }) {
        hear();
        if (name === 'answer') tell(data as LiveAnswer);
      },
      onState(state) {
        liveState.value = state;
        // Without a stream plain questions go on, at the pace at which it is tried.
        if (state === 'lost') refreshNow();
        if (state === 'open') hear();
      },
    });
    return () => {
      stop();
      clearTimeout(silence);
    };
  });
}

function tell(answer: LiveAnswer): void {
  for (const listener of listeners.get(answer.watch) ?? []) listener(answer);
}
