import type { PenstockError } from '../../schemas/errors.ts';
import type { Headers } from '../ports.ts';

/** A record on its way: bytes are counted once, when it is accepted. */
export interface WireRecord {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Headers | undefined;
  readonly timestampMs: number | undefined;
  readonly bytes: number;
}

/** Records of one partition, in order; they stand or fall together. */
export interface PartitionWrite {
  readonly topic: string;
  readonly partition: number;
  readonly records: readonly WireRecord[];
}

export type WriteResult =
  | { readonly kind: 'written'; readonly baseOffset: number }
  /** shared: the request carried other partitions too, so the error may be about one of those. */
  | { readonly kind: 'failed'; readonly error: PenstockError; readonly shared: boolean };

/** What the batching producer needs of a cluster. */
export interface ProduceTransport {
  /** undefined: not known yet, ask lookUp first. */
  partitionCount(topic: string): number | undefined;
  /** Rejects with PIPE_TOPIC_UNKNOWN, PIPE_BROKER_AUTH or PIPE_BROKER_UNAVAILABLE. */
  lookUp(topic: string): Promise<void>;
  /** One result for each write, in order. Never rejects. */
  write(writes: readonly PartitionWrite[]): Promise<readonly WriteResult[]>;
  close(): Promise<void>;
}
