import { type Envelope, envelopeHeader, writeEnvelope } from '../../schemas/envelope.ts';
import type { OutboundRecord } from '../../topics/ports.ts';
import type { TaskRun } from './task-run.ts';

/** What the next attempt of a task will find in its record. */
export interface NextAttempt {
  readonly topic: string;
  readonly attempt: number;
  /** Epoch ms. */
  readonly notBefore: number;
  readonly failedAt?: number;
  readonly requeued?: number;
}

/**
 * Key, value and headers as they came; only our own header is new. It says everything that is known of the task: id and
 * time that came from the record's place must not be made again from the place of this one.
 */
export function retryRecord(run: TaskRun, envelope: Envelope, next: NextAttempt): OutboundRecord {
  const { topic, ...changes } = next;
  const { key, value, headers } = run.record;
  const header = writeEnvelope({ ...envelope, ...changes });
  return { topic, key, value, headers: { ...headers, [envelopeHeader]: header } };
}
