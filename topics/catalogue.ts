import { cancelWindowMs } from './control/cancel-order.ts';
import {
  attemptsTopic,
  controlTopic,
  deadLetterTopic,
  doneTopic,
  retryDelays,
  retryTopic,
  samplesTopic,
  stageTopic,
} from './names.ts';
import type { TopicSpec } from './ports.ts';

export type TopicKind = 'stage' | 'retry' | 'dead-letter' | 'done' | 'attempts' | 'samples' | 'control';

interface KindSpec {
  /** 'stage': as many as the stage asks for; 'few': so many, 3 at most. */
  readonly partitions: number | 'stage' | 'few';
  /** Days a record is kept; null: compacted, the last record of each key stays. */
  readonly retentionDays: number | null;
  readonly maxMessageBytes: number;
  readonly more?: Readonly<Record<string, string>>;
  readonly why: string;
}

const defaultMaxBytes = 1_048_588;
const hoursOfDay = 24;
const msOfHour = 3_600_000;

/** Every kind of topic that Penstock uses. */
export const topicKinds: Readonly<Record<TopicKind, KindSpec>> = {
  stage: {
    partitions: 'stage',
    retentionDays: 7,
    maxMessageBytes: defaultMaxBytes,
    why: 'A week is the reach of a replay by offsets; big bytes travel as claim checks.',
  },
  retry: {
    partitions: 'few',
    retentionDays: 7,
    maxMessageBytes: 2 * defaultMaxBytes,
    why: 'Waiting needs no parallelism, and a partition may hold a fetch in memory; a record grows by its header.',
  },
  'dead-letter': {
    partitions: 'stage',
    retentionDays: 30,
    maxMessageBytes: 2 * defaultMaxBytes,
    why: 'People look at dead letters days later; the record comes whole, with one header more, so it must fit.',
  },
  done: {
    partitions: 3,
    retentionDays: 1,
    maxMessageBytes: defaultMaxBytes,
    why: 'Only those who wait right now read it; the history is in ClickHouse.',
  },
  attempts: {
    partitions: 6,
    retentionDays: 7,
    maxMessageBytes: defaultMaxBytes,
    why: 'ClickHouse may be away for days; batched, so few partitions carry much.',
  },
  samples: {
    partitions: 1,
    retentionDays: 1,
    maxMessageBytes: defaultMaxBytes,
    more: { 'message.timestamp.type': 'LogAppendTime' },
    why: 'A record a worker every few seconds; yesterday’s lag is of no use to a sink that comes back. By the broker’s clock: those of workers differ.',
  },
  control: {
    partitions: 1,
    retentionDays: null,
    maxMessageBytes: defaultMaxBytes,
    more: { 'min.compaction.lag.ms': String(cancelWindowMs), 'segment.ms': String(cancelWindowMs) },
    why: 'The present state of pauses, limits and schedules, and each cancellation for a day; one partition, so that all see one order.',
  },
};

export interface CataloguedStage {
  readonly name: string;
  readonly partitions: number;
  /** Its delays ('10s', '10m'); a topic each, beside the standing one. */
  readonly retry?: { readonly delayed: readonly string[] };
}

export interface CataloguedPipeline {
  readonly name: string;
  readonly stages: readonly CataloguedStage[];
}

export type TopicOfStage =
  | { readonly kind: 'stage' | 'dead-letter'; readonly topic: string }
  | { readonly kind: 'retry'; readonly topic: string; readonly delay: string };

/** The topics of one stage: its own, one for each delay, its dead letters. */
export function topicsOfStage(pipeline: string, stage: Pick<CataloguedStage, 'name' | 'retry'>): TopicOfStage[] {
  const { name, retry } = stage;
  return [
    { kind: 'stage', topic: stageTopic(pipeline, name) },
    ...retryDelays(retry?.delayed ?? []).map(
      (delay) => ({ kind: 'retry', topic: retryTopic(pipeline, name, delay), delay }) as const,
    ),
    { kind: 'dead-letter', topic: deadLetterTopic(pipeline, name) },
  ];
}

/** The topics that these pipelines need, those of Penstock itself included. */
export function topicsOf(pipelines: readonly CataloguedPipeline[]): TopicSpec[] {
  const own = pipelines.flatMap(({ name, stages }) => [
    ...stages.flatMap((stage) =>
      topicsOfStage(name, stage).map(({ kind, topic }) => specOf(kind, topic, stage.partitions)),
    ),
    specOf('done', doneTopic(name)),
  ]);
  return [...own, specOf('attempts', attemptsTopic), specOf('samples', samplesTopic), specOf('control', controlTopic)];
}

function specOf(kind: TopicKind, name: string, stagePartitions = 1): TopicSpec {
  const { partitions, retentionDays, maxMessageBytes, more } = topicKinds[kind];
  const kept =
    retentionDays === null
      ? { 'cleanup.policy': 'compact' }
      : { 'cleanup.policy': 'delete', 'retention.ms': String(retentionDays * hoursOfDay * msOfHour) };
  return {
    name,
    partitions: partitionsOf(partitions, stagePartitions),
    config: { ...kept, ...more, 'max.message.bytes': String(maxMessageBytes) },
  };
}

const fewPartitions = 3;

function partitionsOf(wanted: KindSpec['partitions'], stagePartitions: number): number {
  if (wanted === 'stage') return stagePartitions;
  return wanted === 'few' ? Math.min(stagePartitions, fewPartitions) : wanted;
}
