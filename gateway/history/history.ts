import type { TaskSummary } from '../../client/types.ts';
import { type EndState, endStates, type ResultBlob } from '../../schemas/task-ending.ts';

export type { TaskSummary } from '../../client/types.ts';

export const taskStates = ['queued', 'running', 'waiting', ...endStates] as const;
export type TaskState = (typeof taskStates)[number];

/** Rows of one task; the oldest are told. */
export const maxTimelineRows = 1_000;

/** One row of the history of a task. */
export interface TimelineEntry {
  readonly time: string;
  readonly stage: string;
  readonly outcome: string;
  readonly attempt: number;
  readonly queueMs: number;
  readonly runMs: number;
  readonly worker: string;
  readonly errorCode: string;
  readonly errorMessage: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Stage that it went on to; absent: none. */
  readonly nextStage?: string;
  /** Of a running attempt: 0 to 1, as its handler said. */
  readonly progress?: number;
  readonly note?: string;
}

export interface TaskDetail extends TaskSummary {
  /** What its last stage gave as the result; absent: none. */
  readonly result?: unknown;
  readonly blob?: ResultBlob;
  /** Oldest first, at most maxTimelineRows. */
  readonly timeline: readonly TimelineEntry[];
}

/** undefined: it goes on. */
export const endOf = (task: TaskSummary): EndState | undefined => endStates.find((state) => state === task.state);

/** What a caller may see; both absent: everything. */
export interface Scope {
  readonly tenant?: string;
  readonly pipelines?: readonly string[];
}

export interface TaskFilter {
  readonly scope: Scope;
  readonly pipeline?: string;
  readonly stage?: string;
  readonly state?: TaskState;
  /** Only ids that contain this. */
  readonly search?: string;
  /** Epoch ms of submission. */
  readonly since?: number;
  readonly until?: number;
  /** 1 to 1 000. */
  readonly limit: number;
  /** Continues after this task of an earlier page. */
  readonly after?: { readonly submittedAt: number; readonly id: string };
}

/** What has become of tasks. Rejects with PIPE_CLICKHOUSE_UNAVAILABLE. */
export interface History {
  task(id: string, scope: Scope): Promise<TaskDetail | undefined>;
  /** Newest submission first. */
  tasks(filter: TaskFilter): Promise<readonly TaskSummary[]>;
  close(): Promise<void>;
}
