import { stageTopic } from '../../topics/names.ts';
import type { Query, Row } from '../history/queries.ts';
import { bucketsOf, type StatsWindow } from './stats-window.ts';

export interface LagQuestion {
  readonly pipeline: string;
  readonly stages: readonly string[];
  readonly window: StatsWindow;
}

/** Backlog over time, as the owners of the partitions told it. */
export interface LagHistory {
  readonly from: number;
  readonly to: number;
  readonly stepMs: number;
  readonly t: number[];
  /** null: nobody owned a partition then. */
  readonly series: { readonly stage: string; readonly lag: (number | null)[] }[];
}

/** Who owns a partition now. */
export interface PartitionOwner {
  readonly stage: string;
  readonly partition: number;
  readonly worker: string;
}

/** Per bucket the newest word of each partition, added up. */
export function lagQuery({ pipeline, stages, window }: LagQuestion): Query {
  return {
    sql: `SELECT bucket, topic, sum(newest) AS lag
FROM (
  SELECT intDiv(toUnixTimestamp(t), {step: UInt32}) * {step: UInt32} AS bucket, topic, partition, argMax(group_lag.lag, t) AS newest
  FROM group_lag
  WHERE topic IN (${slots(stages)}) AND t >= toDateTime({from: UInt32}) AND t < toDateTime({to: UInt32})
  GROUP BY bucket, topic, partition
)
GROUP BY bucket, topic
ORDER BY bucket`,
    params: {
      ...topicsOf(pipeline, stages),
      ...{ step: window.stepMs / 1_000, from: window.fromMs / 1_000, to: window.toMs / 1_000 },
    },
  };
}

export function lagHistoryOf({ pipeline, stages, window }: LagQuestion, rows: readonly Row[]): LagHistory {
  const t = bucketsOf(window);
  const byPlace = new Map(rows.map((row) => [`${Number(row.bucket) * 1_000} ${String(row.topic)}`, Number(row.lag)]));
  const { fromMs: from, toMs: to, stepMs } = window;
  const series = stages.map((stage) => ({
    stage,
    lag: t.map((ms) => byPlace.get(`${ms} ${stageTopic(pipeline, stage)}`) ?? null),
  }));
  return { from, to, stepMs, t, series };
}

const ownersWindowMs = 60_000;

export function ownersQuery(pipeline: string, stages: readonly string[], nowMs: number): Query {
  return {
    sql: `SELECT topic, partition, argMax(worker, t) AS owner
FROM group_lag
WHERE topic IN (${slots(stages)}) AND t >= fromUnixTimestamp64Milli({from: Int64})
GROUP BY topic, partition
ORDER BY topic, partition
LIMIT 10000`,
    params: { ...topicsOf(pipeline, stages), from: Math.floor((nowMs - ownersWindowMs) / 1_000) * 1_000 },
  };
}

export function ownersOf(pipeline: string, stages: readonly string[], rows: readonly Row[]): PartitionOwner[] {
  const byTopic = new Map(stages.map((stage) => [stageTopic(pipeline, stage), stage]));
  return rows.map((row) => ({
    stage: byTopic.get(String(row.topic)) ?? '',
    partition: Number(row.partition),
    worker: String(row.owner),
  }));
}

const slots = (stages: readonly string[]): string => stages.map((_, index) => `{topic${index}: String}`).join(', ');

const topicsOf = (pipeline: string, stages: readonly string[]): Record<string, string> =>
  Object.fromEntries(stages.map((stage, index) => [`topic${index}`, stageTopic(pipeline, stage)]));
