import { PenstockError } from '../../schemas/errors.ts';
import type { Line } from './ndjson.ts';
import type { Submission, Submitter } from './submission.ts';
import type { PreparedTask } from './task-record.ts';

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
  readonly ids: string[] = [];
  readonly rejected: RejectedTask[] = [];
  private index = 0;
  private readonly submitter: Submitter;
  private readonly submission: Submission;
  private readonly limits: BatchLimits;

  constructor(submitter: Submitter, submission: Submission, limits: BatchLimits) {
    this.submitter = submitter;
    this.submission = submission;
    this.limits = limits;
  }

  /** Tasks seen so far, rejected ones included. */
  get size(): number {
    return this.index;
  }

  /** Rejects where the batch cannot go on: no acknowledgement, or past a limit. What is in `ids` stays accepted. */
  async add(lines: readonly Line[]): Promise<void> {
    const first = this.index;
    this.index += lines.length;
    if (this.index > this.limits.maxTasks) throw this.tooMany('tasks', this.limits.maxTasks);
    const key = this.submission.idempotencyKey;
    if (key === undefined) await this.addPlain(lines, first);
    else await this.addKeyed(lines, first, key);
    if (this.rejected.length > this.limits.maxRejected) throw this.tooMany('rejected tasks', this.limits.maxRejected);
  }

  private async addPlain(lines: readonly Line[], first: number): Promise<void> {
    const tasks = lines.flatMap((line, offset) => this.check(line, first + offset));
    if (tasks.length === 0) return;
    const receipts = await this.submitter.send(this.submission, tasks);
    for (const { id } of receipts) this.ids.push(id);
  }

  private async addKeyed(lines: readonly Line[], first: number, key: string): Promise<void> {
    const results = await Promise.allSettled(
      lines.map(async (line, offset) => {
        if (line.kind === 'too-long') throw this.tooLong(line.sizeBytes);
        return this.submitter.sendKeyed(this.submission, key, first + offset, line.bytes);
      }),
    );
    for (const result of results) if (result.status === 'fulfilled') this.ids.push(...result.value.map(({ id }) => id));
    for (const [offset, result] of results.entries()) {
      if (result.status === 'rejected') this.reject(first + offset, result.reason);
    }
  }

  private check(line: Line, index: number): PreparedTask[] {
    try {
      if (line.kind === 'too-long') throw this.tooLong(line.sizeBytes);
      return [this.submitter.prepare(this.submission, line.bytes)];
    } catch (error) {
      this.reject(index, error);
      return [];
    }
  }

  /** A fault of the task is its own; anything passing is a fault of the whole batch. */
  private reject(index: number, error: unknown): void {
    if (!(error instanceof PenstockError) || error.retryable) throw error;
    this.rejected.push({ index, error });
  }

  private tooLong(sizeBytes: number): PenstockError {
    const { maxTaskBytes } = this.limits;
    return new PenstockError('PIPE_TASK_TOO_LARGE', `the payload has ${sizeBytes} bytes, the limit is ${maxTaskBytes}`);
  }

  private tooMany(what: string, limit: number): PenstockError {
    return new PenstockError('PIPE_GATEWAY_BATCH_TOO_LARGE', `more than ${limit} ${what} in one request`);
  }
}
