import type { StageLoad } from '../../../stats/stage-loads.ts';

/** What the routes answer; the gateway's own types where it has them. */
export type { ErrorGroup, ErrorGroups } from '../../../stats/error-groups.ts';
export type { StageLoad } from '../../../stats/stage-loads.ts';
export type { CountedOutcome, Percentiles, StageSeries, StageTotals, Throughput } from '../../../stats/throughput.ts';
export type { WorkerState } from '../../../stats/workers.ts';

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
