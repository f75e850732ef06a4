import type { Logger } from 'pino';
import type { Attempt } from '../../schemas/generated/attempt-batch.ts';
import { BatchLoop } from './batch-loop.ts';
import { type DeadLetterForm, deadLetterRecord } from './dead-letter.ts';
import { type DurableSender, isTooLarge } from './durable-sender.ts';
import type { Failure } from './retry-decision.ts';
import type { StagePlan } from './stage-plan.ts';
import type { TaskRun } from './task-run.ts';

/** A task given up. */
export interface Death {
  readonly run: TaskRun;
  readonly failure: Failure;
  readonly row: Attempt;
}

export interface DeadLetterWriterOptions {
  readonly plan: StagePlan;
  readonly sender: DurableSender;
  readonly log: Logger;
  /** The dead letter is acknowledged; its row may be written and its offset finished. */
  onBuried(death: Death): void;
  onDefect(thrown: unknown): void;
}

const lingerMs = 2;
const flushCount = 500;
/** A poisoned topic must not drown the log; the rows and the letters themselves are complete. */
const linesPerMinute = 60;

/** Apart from the other outputs, so that a dead letter topic that is out of order holds back dead tasks alone. */
export class DeadLetterWriter {
  readonly #options: DeadLetterWriterOptions;
  readonly #loop: BatchLoop<Death>;
  #minute = 0;
  #lines = 0;

  constructor(options: DeadLetterWriterOptions) {
    this.#options = options;
    this.#loop = new BatchLoop({
      lingerMs,
      flushCount,
      deliver: (deaths) => this.#deliver(deaths),
      onDefect: options.onDefect,
    });
  }

  add(death: Death): void {
    this.#tell(death);
    this.#loop.add(death);
  }

  idle(): Promise<void> {
    return this.#loop.idle();
  }

  async #deliver(deaths: readonly Death[]): Promise<void> {
    const live = deaths.filter((death) => death.run.share.live);
    if (live.length === 0) return;
    try {
      await this.#bury(live, 'whole');
    } catch (thrown) {
      if (!isTooLarge(thrown)) throw thrown;
      await this.#isolate(live);
    }
  }

  /** Halves until the letter that its topic refuses stands alone; that one goes without its bytes, the others whole. */
  async #isolate(deaths: readonly Death[]): Promise<void> {
    if (deaths.length === 1) return this.#bury(deaths, 'stub');
    const half = Math.ceil(deaths.length / 2);
    await this.#deliver(deaths.slice(0, half));
    await this.#deliver(deaths.slice(half));
  }

  async #bury(live: readonly Death[], form: DeadLetterForm): Promise<void> {
    const { plan, sender, onBuried } = this.#options;
    const letters = live.map(({ run, failure, row }) => deadLetterRecord(plan, run, failure, row.eventTime, form));
    const alive = () => live.some((death) => death.run.share.live);
    const tooLarge = form === 'whole' ? 'throw' : 'hold';
    if (await sender.send(letters, { alive, tooLarge })) for (const death of live) onBuried(death);
  }

  #tell({ run, failure, row }: Death): void {
    const minute = Math.floor(row.eventTime / 60_000);
    if (minute !== this.#minute) this.#lines = 0;
    this.#minute = minute;
    this.#lines++;
    if (this.#lines > linesPerMinute) return;
    const { log } = this.#options;
    const place = { topic: run.share.topic, partition: run.share.partition, offset: row.offset };
    const more = this.#lines === linesPerMinute ? '; no more of these in this minute' : '';
    log.warn({ code: failure.code, ...place, attempts: row.attempt }, `dead letter${more}`);
  }
}
