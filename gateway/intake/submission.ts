import { PenstockError } from '../../schemas/errors.ts';
import { idempotentId, newTaskId } from '../../schemas/task-id.ts';
import type { Target } from '../catalogue.ts';
import { IdempotencyMemory } from './idempotency.ts';
import type { Intake, Receipt } from './intake.ts';
import type { PreparedTask, TaskOptions } from './task-record.ts';

/** What one request says of all its tasks. */
export interface Submission {
  readonly target: Target;
  readonly options: TaskOptions;
  readonly idempotencyKey?: string;
}

/** About 30 MB when full. */
const maxRememberedKeys = 100_000;

/** Submits the tasks of requests: new ones with a fresh id, those with an Idempotency-Key with the id derived from it. */
export class Submitter {
  private readonly intake: Intake;
  private readonly memory = new IdempotencyMemory<Receipt[]>(maxRememberedKeys);

  constructor(intake: Intake) {
    this.intake = intake;
  }

  open(target: Target): Promise<void> {
    return this.intake.open(target);
  }

  /** One task; rejects as Intake does, and with PIPE_GATEWAY_IDEMPOTENCY_CONFLICT. */
  async submitOne(submission: Submission, json: Buffer): Promise<Receipt> {
    const [receipt] = await this.startOne(submission, json, submission.idempotencyKey);
    if (!receipt) throw new PenstockError('PIPE_GATEWAY_INTERNAL', 'one task was sent and no receipt came back');
    return receipt;
  }

  /** A task of a batch, checked but not sent. With a key it is sent by `sendKeyed`, alone. */
  prepare(submission: Submission, json: Buffer): PreparedTask {
    return this.intake.prepare(submission.target, newTaskId(), json, submission.options);
  }

  send(submission: Submission, tasks: readonly PreparedTask[]): Promise<Receipt[]> {
    return this.intake.send(submission.target, tasks);
  }

  /** A task of a batch with an Idempotency-Key: each line is a task of its own, so each gets a key of its own. */
  async sendKeyed(submission: Submission, key: string, index: number, json: Buffer): Promise<Receipt[]> {
    return this.startOne(submission, json, `${key}/${index}`);
  }

  private async startOne(submission: Submission, json: Buffer, key: string | undefined): Promise<Receipt[]> {
    const { target, options } = submission;
    if (key === undefined) return this.intake.send(target, [this.prepare(submission, json)]);
    const id = idempotentId(options.tenant, target.pipeline, key);
    const task = this.intake.prepare(target, id, json, options);
    const body = Buffer.concat([Buffer.from(`${target.topic}\n`), json]);
    const shared = this.memory.once(id, body, () => this.intake.sendWithoutDeadline(target, [task]));
    return this.intake.untilDeadline(shared);
  }
}
