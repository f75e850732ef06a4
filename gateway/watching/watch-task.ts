import type { FastifyBaseLogger } from 'fastify';
import type { TaskEnd, TaskEvent } from '../../client/types.ts';
import { messageOf } from '../../schemas/errors.ts';
import { endOf, type History, maxTimelineRows, type Scope, type TaskDetail } from '../history/history.ts';
import { type Identity, maySee, scopeOf } from '../identity/identity.ts';
import type { AttemptFeed } from './attempt-feed.ts';
import type { EventStream } from './event-stream.ts';
import { eventKey, eventOfRow, eventsOfHistory } from './task-event.ts';

/** The sink is about a second behind, and may be away: so soon, and then ever more rarely. */
const firstLookMs = 1_000;
const maxLookMs = 15_000;

export interface WatchSources {
  readonly history: History;
  readonly feed: AttemptFeed;
  readonly log: Pick<FastifyBaseLogger, 'debug'>;
}

/**
 * Tells all that happened to a task and happens to it until it has ended: at first and now and then from the history, and
 * live. Each row is told once, and once more where it turns out later to be the end: the history has a row a moment before it
 * has the state that follows from it. Resolves when it listens. Rejects with PIPE_BROKER_UNAVAILABLE.
 */
export async function watchTask(
  id: string,
  identity: Identity,
  { history, feed, log }: WatchSources,
  stream: EventStream,
): Promise<void> {
  const watch = new TaskWatch(id, scopeOf(identity), { history, log }, stream);
  const stop = await feed.listen((batch, row) => {
    if (row.taskId !== id || !maySee(identity, { tenant: row.tenant, pipeline: batch.pipeline })) return;
    watch.tell(eventOfRow(batch, row));
  });
  stream.once('close', () => {
    stop();
    watch.close();
  });
  void watch.look(firstLookMs);
}

class TaskWatch {
  readonly #id: string;
  readonly #scope: Scope;
  readonly #sources: Omit<WatchSources, 'feed'>;
  readonly #stream: EventStream;
  readonly #told = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;

  constructor(id: string, scope: Scope, sources: Omit<WatchSources, 'feed'>, stream: EventStream) {
    this.#id = id;
    this.#scope = scope;
    this.#sources = sources;
    this.#stream = stream;
  }

  tell(event: TaskEvent): void {
    const key = eventKey(event);
    const { id, pipeline, stage, state } = event;
    if (this.#isOver || (state === undefined && this.#told.has(key))) return;
    this.#told.add(key);
    this.#stream.send('attempt', event, key);
    if (state !== undefined) this.#end({ id, pipeline, stage, state });
  }

  /** Live rows may have been missed: those before we listened, and those of a fault. */
  async look(againMs: number): Promise<void> {
    try {
      const task = await this.#sources.history.task(this.#id, this.#scope);
      if (task) this.#tellHistory(task);
    } catch (error) {
      this.#sources.log.debug({ reason: messageOf(error) }, 'a watch goes on without the history');
    }
    if (this.#isOver) return;
    this.#timer = setTimeout(() => void this.look(Math.min(againMs * 2, maxLookMs)), againMs);
  }

  #tellHistory(task: TaskDetail): void {
    for (const event of eventsOfHistory(task)) this.tell(event);
    const { id, pipeline, stage, timeline } = task;
    const state = endOf(task);
    if (this.#isOver || state === undefined || timeline.length < maxTimelineRows) return;
    // The row of the end is beyond what a timeline holds.
    this.#end({ id, pipeline, stage, state });
  }

  #end(end: TaskEnd): void {
    this.#stream.send('end', end);
    this.#stream.finish();
    this.close();
  }

  close(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
  }
}
