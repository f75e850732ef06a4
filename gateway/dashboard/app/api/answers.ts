import type { DeadLetterSummary } from '../../../dead-letters/dead-letter.ts';
import type { TaskSummary } from '../../../history/history.ts';
import type { FlowEdge } from '../../../stats/flow.ts';
import type { LagHistory, PartitionOwner } from '../../../stats/lag-history.ts';
import type { StageLoad } from '../../../stats/stage-loads.ts';
import type { WorkerState } from '../../../stats/workers.ts';

export type { DeadLetterSummary } from '../../../dead-letters/dead-letter.ts';
export type { TaskDetail, TaskSummary, TimelineEntry } from '../../../history/history.ts';
/** What the routes answer; the gateway's own types where it has them. */
export type { ErrorGroup, ErrorGroups } from '../../../stats/error-groups.ts';
export type { FlowEdge } from '../../../stats/flow.ts';
export type { LagHistory, PartitionOwner } from '../../../stats/lag-history.ts';
export type { Latency as LatencyMaps } from '../../../stats/latency.ts';
export type { StageLoad } from '../../../stats/stage-loads.ts';
export type { CountedOutcome, Percentiles, StageSeries, StageTotals, Throughput } from '../../../stats/throughput.ts';
export type { WorkerState } from '../../../stats/workers.ts';
export type { TaskEvent } from '../../../watching/task-event.ts';

/** The statement that an answer comes from. */
export interface WithSql {
  readonly sql: string;
}

export interface PipelineStage extends StageLoad {
  readonly name: string;
  readonly topic: string;
  readonly group: string;
  readonly deadLetterTopic: string;
  /** Avro schema. */
  readonly input: unknown;
}

export interface PipelineInfo {
  readonly name: string;
  readonly stages: readonly PipelineStage[];
}

export interface PipelineList {
  readonly pipelines: readonly PipelineInfo[];
}

export interface Flow extends WithSql {
  readonly windowMs: number;
  readonly edges: readonly FlowEdge[];
}

export interface LagAnswer extends LagHistory, WithSql {
  readonly owners: readonly PartitionOwner[];
}

export interface WorkerList extends WithSql {
  readonly workers: readonly WorkerState[];
}

export interface TaskList {
  readonly tasks: readonly TaskSummary[];
  /** Of the next page; absent: it is the last. */
  readonly cursor?: string;
}

export interface DeadLetterList {
  readonly letters: readonly DeadLetterSummary[];
  /** Gives older ones; absent: these are the oldest. */
  readonly cursor?: string;
  readonly stored: number;
  /** Some could not be read at once. */
  readonly isPartial: boolean;
}

/** What a record of Kafka holds. */
export interface StoredRecord {
  readonly key: string | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly payload?: unknown;
  readonly undecoded?: { readonly reason: string; readonly text: string };
}

/** What a task brought to a stage. */
export interface TaskRecord extends StoredRecord {
  readonly stage: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Epoch ms. */
  readonly at: number;
  readonly bytes: number;
}

export interface DeadLetterDetail extends DeadLetterSummary, StoredRecord {}
