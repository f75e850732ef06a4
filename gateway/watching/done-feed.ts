import type { Logger } from 'pino';
import { readTaskEnding, type TaskEnding } from '../../schemas/task-ending.ts';
import { type Follower, followTopics } from '../../topics/follow.ts';
import { doneTopic } from '../../topics/names.ts';
import type { Broker, InboundRecord } from '../../topics/ports.ts';
import { withDeadline } from '../intake/deadline.ts';
import { RecentEndings } from './recent-endings.ts';
import { type WholeEnding, WholeTask } from './whole-task.ts';

export interface DoneFeedOptions {
  readonly broker: Broker;
  readonly logger: Logger;
  /** Longest wait for the first answer of Kafka. */
  readonly readyDeadlineMs: number;
}

type Listener = (ending: TaskEnding) => void;

/**
 * The ends of tasks as they are told on the done topics. Each gateway reads all of them by itself, so that whichever is
 * asked can answer; a pipeline's topic is read from the first time that somebody waits for a task of it.
 */
export class DoneFeed {
  readonly #options: DoneFeedOptions;
  readonly #followers = new Map<string, Follower>();
  readonly #listeners = new Map<string, Set<Listener>>();
  readonly #recent = new RecentEndings();

  constructor(options: DoneFeedOptions) {
    this.#options = options;
  }

  /** Must precede the submission that is waited for. Rejects with PIPE_BROKER_UNAVAILABLE. */
  async open(pipeline: string): Promise<void> {
    const follower = this.#followers.get(pipeline) ?? this.#follow(pipeline);
    this.#followers.set(pipeline, follower);
    await withDeadline(follower.ready, this.#options.readyDeadlineMs, 'PIPE_BROKER_UNAVAILABLE');
  }

  /** The end of a task and of all its descendants; undefined when the signal aborts first. */
  whole(pipeline: string, id: string, signal: AbortSignal): Promise<WholeEnding | undefined> {
    const task = new WholeTask(id);
    return new Promise((resolve) => {
      const end = (whole: WholeEnding | undefined): void => {
        stop();
        signal.removeEventListener('abort', giveUp);
        resolve(whole);
      };
      const giveUp = (): void => end(undefined);
      const take = (ending: TaskEnding): void => {
        const whole = ending.pipeline === pipeline ? task.add(ending) : undefined;
        if (whole !== undefined) end(whole);
      };
      const stop = this.#listen(id, take);
      signal.addEventListener('abort', giveUp, { once: true });
      for (const ending of this.#recent.ofRoot(pipeline, id)) take(ending);
      if (signal.aborted) giveUp();
    });
  }

  /** One that was told lately. */
  recent(pipeline: string, id: string): TaskEnding | undefined {
    return this.#recent.get(pipeline, id);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#followers.values()].map((follower) => follower.stop()));
  }

  #follow(pipeline: string): Follower {
    const { broker, logger } = this.#options;
    return followTopics({
      ...{ broker, logger, name: 'penstock.done.gateway', topics: [doneTopic(pipeline)], begin: 'latest' as const },
      onRecord: (record) => this.#take(record, pipeline),
    });
  }

  #take(record: InboundRecord, pipeline: string): void {
    const ending = readTaskEnding(record.value);
    if (ending?.pipeline !== pipeline) return;
    this.#recent.add(ending, record.value?.length ?? 0);
    for (const listener of this.#listeners.get(ending.root) ?? []) listener(ending);
  }

  #listen(root: string, listener: Listener): () => void {
    const listeners = this.#listeners.get(root) ?? new Set();
    this.#listeners.set(root, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#listeners.get(root) === listeners) this.#listeners.delete(root);
    };
  }
}
