import type { Envelope } from '../../schemas/envelope.ts';
import type { AssignedPartition, Headers, HeaderValue, InboundRecord } from '../../topics/ports.ts';
import type { AnyStage } from '../pipeline.ts';
import type { Progress, Task } from '../stage.ts';
import { Chain } from './chain.ts';
import { LaneGroup, type LaneNode } from './lanes.ts';
import { OffsetTracker } from './offset-tracker.ts';
import { writeMark } from './owner-mark.ts';

/**
 * One partition for as long as this member owns it without a gap: the epoch. Whatever still holds a share that is not
 * live comes from an older epoch, and its result counts for nothing.
 */
export class PartitionShare {
  readonly topic: string;
  readonly partition: number;
  readonly tracker: OffsetTracker;
  readonly lanes = new LaneGroup<TaskRun>();
  live = true;
  /** Not read because the stage is full. */
  paused = false;
  /** Not read because the next record is not due. */
  held = false;
  /** Of a retry topic: taken, not due, in order of arrival. */
  readonly waiting = new Chain<TaskRun>();
  /** Taken and not yet durable elsewhere. */
  tasks = 0;
  bytes = 0;
  /** Who the commits say it is; null: given up in good order. */
  owner: string | null = null;
  /** Owners that vanished before this one. */
  deaths = 0;
  /** Offset of the task that runs alone now. */
  alone: number | null = null;
  /** Offset of the task that ran alone when the owner before vanished. */
  accused: number | null = null;
  /** `version` of the newest commit that Kafka took; a new share has version 0 and nothing to say. */
  committedVersion = 0;
  /** Offsets of tasks that must not run again, until their dead letters are written. */
  culprits: readonly number[] = [];
  /** So many of the tasks to be taken run alone. */
  suspects = 0;
  /** Suspects taken and not ended. */
  openSuspects = 0;
  /** Grows with each change of the owner's mark. */
  #markVersion = 0;
  /** Milliseconds of the process's clock. */
  readonly ownedSince = performance.now();

  constructor(assigned: AssignedPartition) {
    this.topic = assigned.topic;
    this.partition = assigned.partition;
    this.tracker = new OffsetTracker(assigned.committed);
  }

  /** Of all that a commit says; only grows. */
  get version(): number {
    return this.tracker.version + this.#markVersion;
  }

  mark(change: Partial<Pick<PartitionShare, 'owner' | 'deaths' | 'alone' | 'accused' | 'culprits'>>): void {
    Object.assign(this, change);
    this.#markVersion++;
  }

  metadata(): string {
    const { owner, deaths, alone, accused, culprits, tracker } = this;
    return (owner === null ? '' : writeMark({ deaths, owner, alone, accused, culprits })) + tracker.metadata();
  }
}

/** One record on its way through a stage, from the moment it is taken until its end is durable. */
export class TaskRun implements LaneNode<TaskRun> {
  phase: LaneNode<TaskRun>['phase'] = 'new';
  laneNext: TaskRun | null = null;
  chainNext: TaskRun | null = null;
  readonly group: LaneGroup<TaskRun>;
  readonly lane: string | null;
  readonly share: PartitionShare;
  readonly ticket: number;
  readonly bytes: number;
  record: InboundRecord;
  /** Read when the task first runs, not while it queues. */
  envelope: Envelope | null = null;
  /** The execution under way; a result of any other is late and ignored. */
  execution: Execution | null = null;
  /** 0 until it first runs. */
  attempt = 0;
  firstStartedAt = 0;
  firstFailedAt = 0;
  /** A suspect runs alone; a culprit has ended processes and does not run. */
  standing: 'clear' | 'suspect' | 'culprit' = 'clear';
  /** While it waits for its delay; epoch ms. */
  dueAt = 0;
  #detached = false;

  constructor(share: PartitionShare, ticket: number, record: InboundRecord, lane: string | null) {
    this.share = share;
    this.group = share.lanes;
    this.ticket = ticket;
    this.record = record;
    this.lane = lane;
    this.bytes = sizeOf(record);
  }

  /** Copies the record out of the fetch response; needed once the task may outlive its neighbours. */
  detach(): void {
    if (this.#detached) return;
    this.#detached = true;
    const { offset, timestampMs, key, value, headers } = this.record;
    this.record = { offset, timestampMs, key: copied(key), value: copied(value), headers: copiedHeaders(headers) };
  }
}

/** How a handler is told to stop. */
export interface Abortable {
  readonly aborted: boolean;
  /** What the handler said last. */
  readonly lastProgress: Progress;
  abort(reason: Error): void;
  /** The task of this execution is lost; others that the handler has may not be. */
  abandon(reason: Error): void;
}

/** An attempt whose handler has not answered yet. */
export class Execution {
  readonly run: TaskRun;
  readonly context: Abortable;
  readonly startedAt: number;
  /** The progress with which it was announced as running; null: not yet. */
  announced: Progress | null = null;
  previous: Execution | null = null;
  next: Execution | null = null;

  constructor(run: TaskRun, context: Abortable, startedAt: number) {
    this.run = run;
    this.context = context;
    this.startedAt = startedAt;
  }
}

function sizeOf(record: InboundRecord): number {
  return (record.key?.length ?? 0) + (record.value?.length ?? 0);
}

function copied(bytes: Buffer | null): Buffer | null {
  return bytes === null ? null : Buffer.from(bytes);
}

function copiedHeaders(headers: Headers): Headers {
  const copy: Record<string, HeaderValue> = {};
  for (const name of Object.keys(headers)) {
    const value = copiedHeader(headers[name]);
    if (name === '__proto__') Object.defineProperty(copy, name, { value, enumerable: true });
    else copy[name] = value;
  }
  return copy;
}

function copiedHeader(value: HeaderValue): HeaderValue {
  if (Buffer.isBuffer(value)) return Buffer.from(value);
  return Array.isArray(value) ? value.map((each) => (typeof each === 'string' ? each : Buffer.from(each))) : value;
}

/** With ordering by key the lane is the key's text already. */
function keyOf(run: TaskRun, stage: AnyStage): string | undefined {
  return stage.ordering === 'key' ? (run.lane ?? undefined) : run.record.key?.toString();
}

/** Made anew for each attempt, like the payload: what a handler does to it reaches nothing else. */
export function viewTask(run: TaskRun, envelope: Envelope, pipeline: string, stage: AnyStage, payload: unknown) {
  const { record, share } = run;
  const task: { -readonly [K in keyof Task<unknown>]: Task<unknown>[K] } = {
    id: envelope.id,
    pipeline,
    stage: stage.name,
    payload,
    key: keyOf(run, stage) ?? envelope.id,
    attempt: run.attempt,
    submittedAt: envelope.at ?? record.timestampMs,
    place: { topic: share.topic, partition: share.partition, offset: record.offset },
  };
  if (envelope.tenant !== undefined) task.tenant = envelope.tenant;
  if (envelope.parent !== undefined) task.parent = envelope.parent;
  if (envelope.trace !== undefined) task.trace = envelope.trace;
  return task;
}
