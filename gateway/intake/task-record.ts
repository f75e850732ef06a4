import { envelopeHeader, writeEnvelope } from '../../schemas/envelope.ts';
import type { OutboundRecord } from '../../topics/ports.ts';

/** What a submitter may say of a task beside its payload. Times are epoch milliseconds. */
export interface TaskOptions {
  /** Who submits: 'http', 'cli'. */
  readonly source: string;
  /** Ordering key; default: the task's id. */
  readonly key?: string;
  readonly tenant?: string;
  readonly notBefore?: number;
  readonly expiresAt?: number;
  /** Somebody waits for its end. */
  readonly watched?: true;
  /** When its submitter made it; default: now. */
  readonly at?: number;
  /** W3C traceparent. */
  readonly trace?: string;
}

/** A task ready to be sent. */
export interface PreparedTask {
  readonly id: string;
  readonly acceptedAt: number;
  readonly sizeBytes: number;
  readonly options: TaskOptions;
  readonly record: OutboundRecord;
}

export interface TaskName {
  readonly id: string;
  /** No other task has this id: without a key of its own it may go to any partition. */
  readonly isNew: boolean;
}

export interface TaskParts extends TaskName {
  readonly topic: string;
  readonly value: Buffer;
  readonly options: TaskOptions;
  readonly acceptedAt: number;
}

export function makeTask({ topic, id, isNew, value, options, acceptedAt }: TaskParts): PreparedTask {
  const key = options.key ?? id;
  // A literal that begins with a spread is slow in Node 20: a microsecond for each field that follows.
  const envelope = writeEnvelope({ id, ...options, at: options.at ?? acceptedAt });
  const headers = { [envelopeHeader]: envelope };
  return {
    id,
    acceptedAt,
    sizeBytes: value.length + Buffer.byteLength(key) + envelope.length,
    options,
    record:
      isNew && options.key === undefined
        ? { topic, partition: 'any', key, value, headers }
        : { topic, key, value, headers },
  };
}
