import type { Receipt } from '../../client/types.ts';
import { idempotentId, newTaskId } from '../../schemas/task-id.ts';
import type { RecordPlace } from '../../topics/ports.ts';
import type { Target } from '../catalogue.ts';
import { freshIds, type IdOf } from './batch-ids.ts';
import type { CloudEvent } from './cloud-events.ts';
import { IdempotencyMemory } from './idempotency.ts';
import type { Intake, OneSend } from './intake.ts';
import type { PreparedTask, TaskOptions } from './task-record.ts';
import { type Arrival, Turn } from './turn.ts';

/** What one request says of all its tasks. */
export interface Submission {
  readonly target: Target;
  readonly options: TaskOptions;
  readonly idempotencyKey?: string;
  /** Whether the caller may choose the ids of its tasks; default true. */
  readonly ownsIds?: boolean;
}

/** One task that may have been sent before. */
export interface KeyedTask {
  readonly id: string;
  /** Remembered; default: the id. */
  readonly memoryKey?: string;
  readonly json: Buffer;
}

/** One task that was not sent before. */
interface NewTask {
  readonly submission: Submission;
  readonly json: Buffer;
}

/** About 30 MB when full. */
const maxRememberedKeys = 100_000;

/** Submits the tasks of requests: new ones with a fresh id, those with an Idempotency-Key with the id derived from it. */
export class Submitter {
  readonly #intake: Intake;
  readonly #memory = new IdempotencyMemory<Receipt>(maxRememberedKeys);
  /** Tasks that come alone. */
  readonly #turn = new Turn<NewTask, Receipt>((arrivals) => this.#sendNew(arrivals));

  constructor(intake: Intake) {
    this.#intake = intake;
  }

  /** Must precede all else; undefined: it is open already. Rejects with PIPE_REGISTRY_UNAVAILABLE. */
  open(target: Target): Promise<void> | undefined {
    return this.#intake.open(target);
  }

  /** One task; rejects as Intake does, and as `sendOnce`. */
  submitOne(submission: Submission, json: Buffer): Promise<Receipt> {
    const { target, options, idempotencyKey: key } = submission;
    if (key !== undefined)
      return this.sendOnce(submission, { id: idempotentId(options.tenant, target.pipeline, key), json });
    return this.#turn.add({ submission, json });
  }

  /**
   * One event: its id is the task's, and the same event sent again is the same task. For a caller that may not choose ids
   * the task's is derived from it. An Idempotency-Key wins over the event's id.
   */
  submitEvent(submission: Submission, { attributes, json }: CloudEvent): Promise<Receipt> {
    const { target, options, idempotencyKey, ownsIds = true } = submission;
    const { id: eventId, source, ...own } = attributes;
    const withOwn = Object.assign({}, submission, { options: Object.assign({}, own, options, { source }) });
    if (idempotencyKey !== undefined) return this.submitOne(withOwn, json);
    const name = `${source}\n${eventId}`;
    const id = ownsIds ? eventId : idempotentId(options.tenant, target.pipeline, `event/${name}`);
    return this.sendOnce(withOwn, { id, memoryKey: `event/${options.tenant ?? ''}\n${target.topic}\n${name}`, json });
  }

  #sendNew(arrivals: readonly Arrival<NewTask, Receipt>[]): void {
    const sends = new Map<string, { readonly target: Target; readonly all: OneSend[] }>();
    for (const { item, resolve, reject } of arrivals) {
      const { target } = item.submission;
      try {
        const send = { task: this.prepareNew(item.submission, newTaskId(), item.json), resolve, reject };
        const same = sends.get(target.topic);
        if (same) same.all.push(send);
        else sends.set(target.topic, { target, all: [send] });
      } catch (error) {
        reject(error);
      }
    }
    for (const { target, all } of sends.values()) this.#intake.sendEach(target, all);
  }

  /** Ids of the tasks of a batch. With a key each gets the id of `<key>/<position>`, the same every time. */
  idsOf({ target, options, idempotencyKey: key }: Submission): IdOf {
    return key === undefined ? freshIds() : (index) => idempotentId(options.tenant, target.pipeline, `${key}/${index}`);
  }

  /** A task with an id that was never used, checked but not sent. */
  prepareNew({ target, options }: Submission, id: string, json: Buffer): PreparedTask {
    return this.#intake.prepare(target, { id, isNew: true }, json, options);
  }

  send({ target }: Submission, tasks: readonly PreparedTask[]): Promise<readonly RecordPlace[]> {
    return this.#intake.send(target, tasks);
  }

  /**
   * Sends a task unless it was sent before; joins a send that is under way. Rejects with
   * PIPE_GATEWAY_IDEMPOTENCY_CONFLICT where it had another body, PIPE_GATEWAY_IDEMPOTENCY_IN_FLIGHT where the earlier
   * send is still without an answer.
   */
  async sendOnce(submission: Submission, { id, memoryKey, json }: KeyedTask): Promise<Receipt> {
    const { target, options } = submission;
    const task = this.#intake.prepare(target, { id, isNew: false }, json, options);
    const body = Buffer.concat([Buffer.from(`${target.topic}\n`), json]);
    const sent = this.#memory.once(memoryKey ?? id, body, () => this.#intake.sendOne(target, task));
    return this.#intake.untilDeadline(sent.outcome, sent.isFirst ? undefined : 'PIPE_GATEWAY_IDEMPOTENCY_IN_FLIGHT');
  }
}
