import type { Logger } from 'pino';
import type { Codec } from '../../schemas/codec.ts';
import { messageOf } from '../../schemas/errors.ts';
import { type Attempt, type AttemptBatch, attemptBatchSchema } from '../../schemas/generated/attempt-batch.ts';
import { type Follower, followTopics } from '../../topics/follow.ts';
import { attemptsTopic } from '../../topics/names.ts';
import type { Broker } from '../../topics/ports.ts';
import { withDeadline } from '../intake/deadline.ts';

export interface AttemptFeedOptions {
  readonly broker: Broker;
  readonly codec: Codec;
  readonly logger: Logger;
  readonly readyDeadlineMs: number;
}

export type AttemptListener = (batch: AttemptBatch, row: Attempt) => void;

/** Between two watchers it is not stopped at once: a page that reloads comes back. */
const idleMs = 30_000;

/** Every row of penstock.attempts, for as long as somebody watches: all of it is read then, so nobody watching costs nothing. */
export class AttemptFeed {
  readonly #options: AttemptFeedOptions;
  readonly #listeners = new Set<AttemptListener>();
  #follower: Follower | undefined;
  #idle: NodeJS.Timeout | undefined;

  constructor(options: AttemptFeedOptions) {
    this.#options = options;
  }

  /** Resolves when rows come in, with the way to stop listening. Rejects with PIPE_BROKER_UNAVAILABLE. */
  async listen(listener: AttemptListener): Promise<() => void> {
    clearTimeout(this.#idle);
    this.#listeners.add(listener);
    this.#follower ??= this.#follow();
    const stop = (): void => this.#forget(listener);
    try {
      await withDeadline(this.#follower.ready, this.#options.readyDeadlineMs, 'PIPE_BROKER_UNAVAILABLE');
      return stop;
    } catch (error) {
      stop();
      throw error;
    }
  }

  async close(): Promise<void> {
    clearTimeout(this.#idle);
    this.#listeners.clear();
    await this.#stop();
  }

  #forget(listener: AttemptListener): void {
    this.#listeners.delete(listener);
    if (this.#listeners.size > 0) return;
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => void this.#stop(), idleMs).unref();
  }

  async #stop(): Promise<void> {
    const follower = this.#follower;
    this.#follower = undefined;
    await follower?.stop();
  }

  #follow(): Follower {
    const { broker, logger } = this.#options;
    return followTopics({
      ...{ broker, logger, name: 'penstock.attempts.gateway', topics: [attemptsTopic], begin: 'latest' as const },
      onRecord: ({ value }) => this.#take(value),
    });
  }

  #take(value: Buffer | null): void {
    if (this.#listeners.size === 0) return;
    try {
      const batch = this.#options.codec.decode(attemptBatchSchema, value);
      if (!(batch instanceof Promise)) this.#tell(batch);
      else batch.then((decoded) => this.#tell(decoded)).catch((thrown) => this.#refuse(thrown));
    } catch (thrown) {
      this.#refuse(thrown);
    }
  }

  #tell(batch: AttemptBatch): void {
    for (const listener of this.#listeners) for (const row of batch.attempts) listener(batch, row);
  }

  #refuse(thrown: unknown): void {
    this.#options.logger.debug({ reason: messageOf(thrown) }, 'an attempt record cannot be read');
  }
}
