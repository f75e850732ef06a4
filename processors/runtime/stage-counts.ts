import type { TopicPartition } from '../../topics/ports.ts';

/** What happened in a stage of this process since it started. */
export interface StageCounts {
  done: number;
  /** Dead letters. */
  failed: number;
  retried: number;
  expired: number;
  cancelled: number;
}

/** A view of one stage of a worker. */
export interface StageStats extends Readonly<StageCounts> {
  readonly pipeline: string;
  readonly stage: string;
  /** Tasks whose handler is under way. */
  readonly inFlight: number;
  /** Taken from Kafka, waiting for a slot, a lane, company, a delay, or for their end to be durable. */
  readonly queued: number;
  readonly partitions: number;
  readonly group: string;
  /** Of its topic and of its retry topics. */
  readonly owned: readonly TopicPartition[];
}
