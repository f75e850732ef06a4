import { createEventParser, type ServerEvent } from '../lib/event-parser.ts';
import { RequestError, request } from './request.ts';

export type StreamState = 'opening' | 'open' | 'lost' | 'over';

export interface EventListener {
  onEvent(event: ServerEvent): void;
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
  const parse = createEventParser((event) => {
    if (leaving.aborted) return;
    isOver ||= event.name === 'end';
    listener.onEvent(event);
  });
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) parse(piece.value);
  return isOver;
}
