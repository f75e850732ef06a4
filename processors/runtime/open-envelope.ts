import { type Envelope, readEnvelope } from '../../schemas/envelope.ts';
import type { TaskRun } from './task-run.ts';

/** Reads what the record says of its task, once. */
export function openEnvelope(run: TaskRun): Envelope {
  if (run.envelope !== null) return run.envelope;
  const { topic, partition } = run.share;
  const { headers, offset, timestampMs } = run.record;
  const envelope = readEnvelope(headers, { topic, partition, offset }, timestampMs);
  run.envelope = envelope;
  run.attempt = envelope.attempt ?? 1;
  run.firstFailedAt = envelope.failedAt ?? 0;
  return envelope;
}
