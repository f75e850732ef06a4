import { deadLetterHeader } from '../../schemas/envelope.ts';
import type { OutboundRecord } from '../../topics/ports.ts';
import type { Failure } from './retry-decision.ts';
import type { StagePlan } from './stage-plan.ts';
import type { TaskRun } from './task-run.ts';

/** `stub`: the record unpacked to more than the dead letter topic takes; its bytes stay where the reason points. */
export type DeadLetterForm = 'whole' | 'stub';

const maxStubKeyBytes = 64 * 1024;

/** Key, value and headers as they came, and one header more: whoever redrives has the task whole. */
export function deadLetterRecord(
  plan: StagePlan,
  run: TaskRun,
  failure: Failure,
  failedAt: number,
  form: DeadLetterForm = 'whole',
): OutboundRecord {
  const { record, share } = run;
  const reason = {
    topic: share.topic,
    partition: share.partition,
    offset: record.offset,
    stage: plan.stage.name,
    code: failure.code,
    message: failure.message,
    attempts: run.attempt,
    firstFailedAt: run.firstFailedAt === 0 ? failedAt : run.firstFailedAt,
    lastFailedAt: failedAt,
  };
  if (form === 'stub') {
    const omitted = { omittedBytes: record.value?.length ?? 0 };
    const key = record.key !== null && record.key.length > maxStubKeyBytes ? null : record.key;
    const headers = { [deadLetterHeader]: JSON.stringify({ ...reason, ...omitted }) };
    return { topic: plan.deadLetterTopic, key, value: null, headers };
  }
  return {
    topic: plan.deadLetterTopic,
    key: record.key,
    value: record.value,
    headers: { ...record.headers, [deadLetterHeader]: JSON.stringify(reason) },
  };
}
