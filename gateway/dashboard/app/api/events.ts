import { readServerEvents } from '../../../../client/server-events.ts';
import { RequestError, request } from './request.ts';

export type StreamState = 'opening' | 'open' | 'lost' | 'over';

export interface LiveEvent {
  readonly name: string;
  /** What its JSON says. */
  readonly data: unknown;
}

export interface EventListener {
  onEvent(event: LiveEvent): void;
  onState(state: StreamState): void;
}

const firstPauseMs = 1_000;
const maxPauseMs = 8_000;

/**
 * Listens until the stream says `end`, with the token that EventSource cannot send. A stream that breaks is opened anew;
 * a refusal is not asked for twice. The function that comes back stops listening.
 */
export function openEvents(path: string, listener: EventListener): () => void {
  const leaving = new AbortController();
  void listen(path, listener, leaving.signal);
  return () => leaving.abort();
}

async function listen(path: string, listener: EventListener, leaving: AbortSignal): Promise<void> {
  let pauseMs = firstPauseMs;
  listener.onState('opening');
  while (!leaving.aborted) {
    try {
      if (await readStream(path, listener, leaving)) return listener.onState('over');
      pauseMs = firstPauseMs;
    } catch (error) {
      if (leaving.aborted) return;
      const isRefused = error instanceof RequestError && error.status >= 400 && error.status < 500;
      if (isRefused && error.status !== 429) return listener.onState('over');
      pauseMs = Math.min(pauseMs * 2, maxPauseMs);
    }
    if (leaving.aborted) return;
    listener.onState('lost');
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

/** Whether it came to its end, and was not just cut. */
async function readStream(path: string, listener: EventListener, leaving: AbortSignal): Promise<boolean> {
  const { body } = await request(path, { signal: leaving, headers: { accept: 'text/event-stream' } });
  if (!body) return false;
  listener.onState('open');
  let isOver = false;
  for await (const { name, data } of readServerEvents(body)) {
    if (leaving.aborted) break;
    isOver ||= name === 'end';
    listener.onEvent({ name, data: JSON.parse(data) });
  }
  return isOver;
}
