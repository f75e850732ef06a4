import { decodeFinished } from '../../../../processors/runtime/finished-offsets.ts';
import type { Ordering, Task } from '../../../../processors/stage.ts';
import type { AssignedPartition, RecordBatch } from '../../../../topics/ports.ts';

/** One line of the ledger: a handler that was called. Times are virtual epoch milliseconds. */
export interface Run {
  readonly task: string;
  readonly n: string;
  readonly attempt: number;
  readonly place: string;
  readonly worker: string;
  /** Its record is the task come back: another record of the same id may stand in another lane. */
  readonly isReturned: boolean;
  /** Number of the call that it came in; undefined: it came alone. */
  readonly batch: number | undefined;
  readonly start: number;
  end: number | undefined;
  /** Its worker was dead, frozen or cut off when it began: nobody waits for it. */
  readonly zombie: boolean;
}

/** One partition of one member, from an assignment to the loss. */
interface Epoch {
  readonly position: number;
  readonly finished: readonly { start: number; end: number }[];
  readonly attempts: Map<number, number>;
  readonly newestOfLane: Map<string, number>;
}

/** One member of one group: a worker's consumer of one stage's topics. */
export class Session {
  readonly worker: string;
  readonly topic: string;
  live = false;
  readonly active = new Set<Run>();
  epochs = new Map<string, Epoch>();
  /** What the records of places say of their task; only where they say something. */
  readonly returned = new Map<string, { readonly attempt?: number; readonly requeued?: number }>();
  /** Places of records without a key: no order is promised to them. */
  readonly keyless = new Set<string>();

  constructor(worker: string, topic: string) {
    this.worker = worker;
    this.topic = topic;
  }

  /** Before its listener hears of it. */
  assigned(partitions: readonly AssignedPartition[]): void {
    this.live = true;
    const before = this.epochs;
    this.epochs = new Map();
    for (const each of partitions) {
      const key = `${each.topic}/${each.partition}`;
      const kept = each.kept ? before.get(key) : undefined;
      this.epochs.set(key, kept ?? openEpoch(each));
    }
    this.#endLost(before);
  }

  /** Where only some of a batch are lost its handler is not told. */
  #endLost(before: ReadonlyMap<string, Epoch>): void {
    for (const run of this.active) {
      const key = run.place.slice(0, run.place.indexOf('@'));
      if (run.batch !== undefined && this.epochs.get(key) !== before.get(key)) this.active.delete(run);
    }
  }

  /** Before its listener sees them. */
  read({ topic, partition, records }: RecordBatch): void {
    for (const { offset, key, headers } of records) {
      if (key === null) this.keyless.add(`${topic}/${partition}@${offset}`);
      const header = JSON.parse(String(headers.penstock ?? '{}'));
      if (header.attempt || header.requeued) this.returned.set(`${topic}/${partition}@${offset}`, header);
    }
  }

  /** What a frozen one runs is no concern of others, but it counts if the partition is still its own when it thaws. */
  noteUnseen({ place, attempt }: Task<unknown>): void {
    this.epochs.get(`${place.topic}/${place.partition}`)?.attempts.set(place.offset, attempt);
  }

  /** Killed, frozen or thrown out: what it does from here on is not the work of a live worker. */
  cut(): void {
    this.live = false;
    this.active.clear();
  }
}

function openEpoch({ committed }: AssignedPartition): Epoch {
  const position = committed?.offset ?? 0;
  const runs = committed === null ? [] : decodeFinished(committed.metadata);
  const finished = runs.map((run) => ({ start: position + run.start, end: position + run.end }));
  return { position, finished, attempts: new Map(), newestOfLane: new Map() };
}

export interface Limits {
  readonly ordering: Ordering;
  /** Of batches, where there are any. */
  readonly concurrency: number;
  readonly batch: { readonly maxSize: number } | undefined;
}

/** Every execution, written down outside of the engine, and judged as it begins. */
export class Ledger {
  readonly runs: Run[] = [];
  readonly violations: string[] = [];
  readonly sessions: Session[] = [];
  readonly taskAt = new Map<string, string>();
  readonly #limits: Limits;
  readonly #now: () => number;

  constructor(limits: Limits, now: () => number) {
    this.#limits = limits;
    this.#now = now;
  }

  open(worker: string, topic: string): Session {
    const session = new Session(worker, topic);
    this.sessions.push(session);
    return session;
  }

  start(session: Session, task: Task<{ readonly n: string }>, notBefore: number | undefined, batch?: number): Run {
    const { topic, partition, offset } = task.place;
    const place = `${topic}/${partition}@${offset}`;
    const { n } = task.payload;
    const common = { task: task.id, n, attempt: task.attempt, place, worker: session.worker };
    const isReturned = session.returned.has(place);
    const run: Run = { ...common, isReturned, batch, start: this.#now(), end: undefined, zombie: !session.live };
    this.taskAt.set(place, n);
    this.runs.push(run);
    if (run.zombie) {
      session.noteUnseen(task);
      return run;
    }
    if (notBefore !== undefined && run.start < notBefore) this.#fault(run, 'began before its time');
    this.#judgeEpoch(session, task, run);
    this.#judgeOthers(session, task, run);
    session.active.add(run);
    return run;
  }

  /** The handler answered, or was told that its answer counts for nothing. */
  end(session: Session, run: Run): void {
    run.end ??= this.#now();
    session.active.delete(run);
  }

  #judgeEpoch(session: Session, task: Task<unknown>, run: Run): void {
    const { topic, partition, offset } = task.place;
    const epoch = session.epochs.get(`${topic}/${partition}`);
    if (epoch === undefined) {
      this.#fault(run, 'is not owned by its worker');
      return;
    }
    const isCovered =
      offset < epoch.position || epoch.finished.some((each) => each.start <= offset && offset < each.end);
    if (isCovered) this.#fault(run, 'ran again though a commit covered it');
    const first = session.returned.get(run.place)?.attempt ?? 1;
    const before = epoch.attempts.get(offset) ?? first - 1;
    if (task.attempt !== before + 1) this.#fault(run, `is attempt ${task.attempt} after ${before} in one assignment`);
    epoch.attempts.set(offset, task.attempt);
    const lane = this.#laneOf(session, task);
    if (lane === undefined) return;
    const newest = epoch.newestOfLane.get(lane) ?? -1;
    if (offset < newest) this.#fault(run, `ran after offset ${newest} of its lane`);
    epoch.newestOfLane.set(lane, Math.max(offset, newest));
  }

  /** A parent that ran twice leaves two records of one child; only lanes keep those two apart. */
  #judgeOthers(session: Session, task: Task<unknown>, run: Run): void {
    this.#judgeLoad(session, run);
    const lane = this.#laneOf(session, task);
    for (const other of this.sessions) {
      if (!other.live || other.topic !== session.topic) continue;
      for (const active of other.active) {
        const isTwin = active.task === run.task && !active.isReturned && !run.isReturned;
        if (active.place === run.place || (lane !== undefined && isTwin)) {
          this.#fault(run, `runs on ${active.worker} too`);
        } else if (lane !== undefined && lane === this.#lanes.get(active)) {
          this.#fault(run, `overlaps ${active.place} on ${active.worker}, of the same lane`);
        }
      }
    }
    if (lane !== undefined) this.#lanes.set(run, lane);
  }

  #judgeLoad({ active }: Session, run: Run): void {
    const { concurrency, batch } = this.#limits;
    const calls = new Set([run, ...active].map((each) => each.batch ?? each));
    if (calls.size > concurrency) this.#fault(run, 'is one more than the slots');
    const mates = [...active].filter((each) => each.batch !== undefined && each.batch === run.batch);
    if (batch !== undefined && mates.length >= batch.maxSize) this.#fault(run, 'is one more than a batch holds');
  }

  readonly #lanes = new WeakMap<Run, string>();

  #laneOf(session: Session, task: Task<unknown>): string | undefined {
    const { ordering } = this.#limits;
    if (ordering === 'none') return undefined;
    const partition = `${task.place.topic}/${task.place.partition}`;
    if (ordering === 'partition') return partition;
    return session.keyless.has(`${partition}@${task.place.offset}`) ? undefined : `${partition}:${task.key}`;
  }

  #fault(run: Run, what: string): void {
    this.violations.push(`${run.place} (task ${run.n}, attempt ${run.attempt}, ${run.worker}) ${what}`);
  }
}
