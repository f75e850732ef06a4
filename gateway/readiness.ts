import type { Logger } from 'pino';
import { messageOf, PenstockError } from '../schemas/errors.ts';
import type { Broker } from '../topics/ports.ts';
import { withDeadline } from './intake/deadline.ts';
import { lazy } from './intake/lazy.ts';

export interface ReadinessOptions {
  readonly broker: Broker;
  readonly logger: Pick<Logger, 'warn' | 'info'>;
  /** An answer of Kafka counts for so long. Default 1 000. */
  readonly answerForMs?: number;
  /** Pause between two looks of `watch`. Default 5 000. */
  readonly watchEveryMs?: number;
}

const deadlineMs = 3_000;

/** Whether Kafka answers; each change is logged once, whoever noticed it. */
export class Readiness {
  readonly #options: ReadinessOptions;
  readonly #admin;
  #last: { readonly at: number; readonly check: Promise<void> } | undefined;
  #asking: Promise<unknown> | undefined;
  /** What kept Kafka from answering; undefined: nothing. The start counts as good, so that only bad news is told. */
  #trouble: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: ReadinessOptions) {
    this.#options = options;
    this.#admin = lazy(() => options.broker.admin());
  }

  /** Rejects with PIPE_BROKER_UNAVAILABLE, within three seconds. */
  check(): Promise<void> {
    const { answerForMs = 1_000 } = this.#options;
    if (!this.#last || Date.now() - this.#last.at > answerForMs) this.#last = { at: Date.now(), check: this.#look() };
    return this.#last.check;
  }

  /** Looks now and then until `close`, so that the log tells of a broker that nobody asked for. */
  watch(): void {
    const again = (): void => {
      if (this.#isClosed) return;
      this.#timer = setTimeout(() => this.watch(), this.#options.watchEveryMs ?? 5_000).unref();
    };
    this.check().then(again, again);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#admin.close((open) => open.close());
  }

  async #look(): Promise<void> {
    try {
      await withDeadline(this.#ask(), deadlineMs, 'PIPE_BROKER_UNAVAILABLE');
      this.#note(undefined, '');
    } catch (error) {
      const code = error instanceof PenstockError ? error.code : 'PIPE_BROKER_UNAVAILABLE';
      this.#note(code, messageOf(error));
      throw new PenstockError('PIPE_BROKER_UNAVAILABLE', messageOf(error), { cause: error });
    }
  }

  /** One question at a time: while the broker is silent, each would wait long after its deadline. */
  #ask(): Promise<unknown> {
    this.#asking ??= this.#admin
      .get()
      .then((open) => open.listTopics())
      .finally(() => {
        this.#asking = undefined;
      });
    return this.#asking;
  }

  #note(code: string | undefined, reason: string): void {
    if (code === this.#trouble || this.#isClosed) return;
    this.#trouble = code;
    const { logger } = this.#options;
    if (code === undefined) logger.info('Kafka answers again: ready');
    else logger.warn({ code, reason }, 'Kafka does not answer: not ready, tasks are refused with 503');
  }
}
