/** How a task can end. */
export type EndState = 'succeeded' | 'dead' | 'cancelled' | 'expired';
export type TaskState = EndState | 'queued' | 'running' | 'waiting';

export interface SubmitOptions {
  /** Stage to start at; default: the first. */
  readonly stage?: string;
  /** Tasks of one key run one after another; default: each by itself. */
  readonly key?: string;
  readonly tenant?: string;
  readonly notBefore?: Date;
  readonly expiresAt?: Date;
  /** The same key is the same task, however often it is sent. Default: a new one for each call, which makes its retries safe. */
  readonly idempotencyKey?: string;
  readonly signal?: AbortSignal;
}

/** Where the task stands in Kafka, acknowledged by all in-sync replicas. */
export interface Receipt {
  readonly id: string;
  readonly pipeline: string;
  readonly stage: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

export interface Rejection {
  /** Position among the payloads, from 0. */
  readonly index: number;
  readonly error: Problem;
}

export interface BatchReceipt {
  readonly accepted: number;
  readonly rejected: readonly Rejection[];
  /** Of the accepted ones, in order. */
  readonly ids: readonly string[];
}

/** RFC 9457. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  /** Stable; docs/errors.md explains each. */
  readonly code: string;
  readonly errors?: readonly { readonly pointer: string; readonly detail: string }[];
}

/** The end of a task and of all that it fanned out into. Times are ISO 8601. */
export interface Ending<Result = unknown> {
  readonly id: string;
  readonly pipeline: string;
  readonly stage: string;
  readonly state: EndState;
  readonly submittedAt: string;
  readonly finishedAt: string;
  readonly attempts: number;
  /** What the last stage gave with `result()`; absent: nothing. */
  readonly result?: Result;
  /** Bytes that belong to it; read them with `result(id)`. */
  readonly blob?: { readonly sizeBytes: number; readonly sha256: string; readonly contentType: string };
  readonly error?: { readonly code: string; readonly message: string };
  readonly children?: number;
  readonly descendants?: Readonly<Record<EndState | 'total', number>>;
}

/** The end of one task, without those that it fanned out into. */
export interface TaskEnd {
  readonly id: string;
  readonly pipeline: string;
  readonly stage: string;
  readonly state: EndState;
}

/** One row of a task's history, as it happens. */
export interface TaskEvent {
  readonly id: string;
  readonly pipeline: string;
  readonly stage: string;
  /** accepted, running, ok, retry, dead, cancelled, expired, skipped. */
  readonly outcome: string;
  readonly attempt: number;
  /** ISO 8601. */
  readonly time: string;
  readonly queueMs: number;
  readonly runMs: number;
  readonly worker: string;
  /** topic/partition/offset */
  readonly place: string;
  readonly errorCode?: string;
  readonly errorMessage?: string;
  /** 0 to 1. */
  readonly progress?: number;
  readonly note?: string;
  /** Stage that it went on to. */
  readonly nextStage?: string;
  /** Where the task ended with it. */
  readonly state?: EndState;
}

/** Times are ISO 8601, UTC. */
export interface TaskSummary {
  readonly id: string;
  readonly pipeline: string;
  /** Stage that it is at, or ended at. */
  readonly stage: string;
  readonly state: TaskState;
  readonly submittedAt: string;
  readonly finishedAt: string | null;
  /** Executions so far, over all stages. */
  readonly attempts: number;
}

export interface TaskDetail extends TaskSummary {
  readonly result?: unknown;
  readonly timeline: readonly (Omit<TaskEvent, 'id' | 'pipeline' | 'place' | 'state'> & {
    readonly topic: string;
    readonly partition: number;
    readonly offset: number;
  })[];
}

export interface TaskFilter {
  readonly pipeline?: string;
  readonly stage?: string;
  readonly state?: TaskState;
  readonly since?: Date;
  readonly until?: Date;
}
