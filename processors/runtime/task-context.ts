import type { Logger } from 'pino';
import type { BlobStore } from '../blobs/blob-store.ts';
import type { Progress, StageContext } from '../stage.ts';
import { noProgress, readProgress } from './read-progress.ts';

/** What a log line says of the attempt. */
interface Traceable {
  readonly envelope: { readonly id: string } | null;
  readonly attempt: number;
  readonly record: { readonly offset: number };
  readonly share: { readonly topic: string; readonly partition: number };
}

/** What every context of a stage shares. */
export interface StageEnvironment {
  readonly log: Logger;
  readonly blobs: BlobStore;
}

/** The `ctx` of one attempt. Its signal and its logger are made when first asked for: most handlers need neither. */
export class TaskContext implements StageContext {
  readonly blobs: BlobStore;
  readonly #environment: StageEnvironment;
  readonly #run: Traceable;
  #controller: AbortController | undefined;
  #log: Logger | undefined;
  #reason: Error | undefined;
  #progress = noProgress;

  constructor(environment: StageEnvironment, run: Traceable) {
    this.#environment = environment;
    this.#run = run;
    this.blobs = environment.blobs;
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    return this.#controller.signal;
  }

  get log(): Logger {
    const { envelope, record, share, attempt } = this.#run;
    this.#log ??= this.#environment.log.child({
      taskId: envelope?.id,
      attempt,
      topic: share.topic,
      partition: share.partition,
      offset: record.offset,
    });
    return this.#log;
  }

  progress(progress: Progress): void {
    this.#progress = readProgress(progress);
  }

  get lastProgress(): Progress {
    return this.#progress;
  }

  get aborted(): boolean {
    return this.#reason !== undefined;
  }

  abort(reason: Error): void {
    this.#reason ??= reason;
    this.#controller?.abort(this.#reason);
  }

  abandon(reason: Error): void {
    this.abort(reason);
  }
}
