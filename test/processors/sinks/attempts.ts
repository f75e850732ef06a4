import type { Attempt, AttemptBatch } from '../../../schemas/generated/attempt-batch.ts';

export const anAttempt = (attempt: Partial<Attempt> = {}): Attempt => ({
  eventTime: Date.UTC(2026, 5, 1),
  startedAt: Date.UTC(2026, 5, 1),
  submittedAt: 0,
  outcome: 'ok',
  taskId: 'task',
  parentId: '',
  tenant: '',
  attempt: 1,
  queueMs: 0,
  runMs: 0,
  bytesIn: 0,
  bytesOut: 0,
  errorCode: '',
  errorFingerprint: '',
  errorMessage: '',
  partition: 0,
  offset: 0,
  nextStage: '',
  replayId: '',
  traceId: '',
  attrs: {},
  ...attempt,
});

export const aBatch = (attempts: readonly Attempt[], batch: Partial<AttemptBatch> = {}): AttemptBatch => ({
  worker: 'w1',
  codeVersion: '',
  pipeline: 'p',
  stage: 's',
  topic: 'p.s',
  attempts,
  ...batch,
});
