import { PenstockError } from '../../schemas/errors.ts';
import { AcceptedIndexes, type IdOf } from './batch-ids.ts';
import type { CloudEvent } from './cloud-events.ts';
import type { Line } from './ndjson.ts';
import type { Submission, Submitter } from './submission.ts';
import type { PreparedTask } from './task-record.ts';

/** A task of a batch: a line of text, an event, or what should have been one. */
export type BatchItem =
  | Line
  | { readonly kind: 'event'; readonly event: CloudEvent }
  | { readonly kind: 'invalid'; readonly error: unknown };

export interface RejectedTask {
  /** Position in the batch, from 0; blank lines do not count. */
  readonly index: number;
  readonly error: PenstockError;
}

export interface BatchLimits {
  readonly maxTasks: number;
  /** Rejections kept; a batch with more is given up. */
  readonly maxRejected: number;
  readonly maxTaskBytes: number;
}

/** One batch on its way: each task is accepted or rejected by itself; order is kept. */
export class Batch {
  readonly #rejected: RejectedTask[] = [];
  readonly #accepted = new AcceptedIndexes();
  readonly #idOf: IdOf;
  /** Events bring their ids. */
  readonly #eventIds = new Map<number, string>();
  readonly #submitter: Submitter;
  readonly #submission: Submission;
  readonly #limits: BatchLimits;
  #size = 0;

  constructor(submitter: Submitter, submission: Submission, limits: BatchLimits) {
    this.#submitter = submitter;
    this.#submission = submission;
    this.#limits = limits;
    this.#idOf = submitter.idsOf(submission);
  }

  /** Tasks seen so far, rejected ones included. */
  get size(): number {
    return this.#size;
  }

  /** In the order of the batch. */
  get rejected(): readonly RejectedTask[] {
    return this.#rejected.toSorted((a, b) => a.index - b.index);
  }

  get acceptedCount(): number {
    return this.#accepted.count;
  }

  /** Ids of the accepted tasks in their order; made as they are read. */
  *ids(): Generator<string> {
    for (const index of this.#accepted) yield this.#eventIds.get(index) ?? this.#idOf(index);
  }

  /**
   * Checks and sends at once, in the order of the calls, which need not wait for each other. Rejects where the batch cannot go on: no
   * acknowledgement, or past a limit. What is in `ids` stays accepted.
   */
  async add(items: readonly BatchItem[]): Promise<void> {
    const first = this.#size;
    this.#size += items.length;
    if (this.#size > this.#limits.maxTasks) throw tooMany('tasks', this.#limits.maxTasks);
    const isKeyed = this.#submission.idempotencyKey !== undefined || items.some(({ kind }) => kind === 'event');
    if (isKeyed) await this.#addKeyed(items, first);
    else await this.#addPlain(items, first);
    if (this.#rejected.length > this.#limits.maxRejected) throw tooMany('rejected tasks', this.#limits.maxRejected);
  }

  async #addPlain(items: readonly BatchItem[], first: number): Promise<void> {
    const indexes: number[] = [];
    const tasks: PreparedTask[] = [];
    for (const [offset, item] of items.entries()) {
      try {
        tasks.push(this.#submitter.prepareNew(this.#submission, this.#idOf(first + offset), this.#bytesOf(item)));
        indexes.push(first + offset);
      } catch (error) {
        this.#reject(first + offset, error);
      }
    }
    if (tasks.length === 0) return;
    await this.#submitter.send(this.#submission, tasks);
    for (const index of indexes) this.#accepted.add(index);
  }

  /** Keyed lines and events may have been sent before, each for itself. */
  async #addKeyed(items: readonly BatchItem[], first: number): Promise<void> {
    const results = await Promise.allSettled(items.map(async (item, offset) => this.#sendOnce(item, first + offset)));
    for (const [offset, { status }] of results.entries())
      if (status === 'fulfilled') this.#accepted.add(first + offset);
    for (const [offset, result] of results.entries()) {
      if (result.status === 'rejected') this.#reject(first + offset, result.reason);
    }
  }

  async #sendOnce(item: BatchItem, index: number): Promise<void> {
    if (item.kind === 'event') {
      const { idempotencyKey: _, ...submission } = this.#submission;
      const { id } = await this.#submitter.submitEvent(submission, item.event);
      this.#eventIds.set(index, id);
    } else {
      await this.#submitter.sendOnce(this.#submission, { id: this.#idOf(index), json: this.#bytesOf(item) });
    }
  }

  #bytesOf(item: BatchItem): Buffer {
    if (item.kind === 'line') return item.bytes;
    if (item.kind === 'invalid') throw item.error;
    if (item.kind === 'event') return item.event.json;
    const { maxTaskBytes } = this.#limits;
    throw new PenstockError(
      'PIPE_TASK_TOO_LARGE',
      `the payload has ${item.sizeBytes} bytes, the limit is ${maxTaskBytes}`,
    );
  }

  /** A fault of the task is its own; anything passing is a fault of the whole batch. */
  #reject(index: number, error: unknown): void {
    if (!(error instanceof PenstockError) || error.retryable) throw error;
    this.#rejected.push({ index, error });
  }
}

function tooMany(what: string, limit: number): PenstockError {
  return new PenstockError('PIPE_GATEWAY_BATCH_TOO_LARGE', `more than ${limit} ${what} in one request`);
}
