import { setTimeout as sleep } from 'node:timers/promises';
import { definePipeline, type Pipeline } from '../../../processors/pipeline.ts';
import { defineStage, type Ordering, to } from '../../../processors/stage.ts';
import { avroSchema } from '../../../schemas/avro-schema.ts';
import type { Codec } from '../../../schemas/codec.ts';
import { envelopeHeader, writeEnvelope } from '../../../schemas/envelope.ts';
import type { OutboundRecord } from '../../../topics/ports.ts';

/** Where a process finds the stack. */
export interface Place {
  readonly brokers: readonly string[];
  readonly registryUrl: string;
}

/** What a worker process runs; plain data, so that it can be told to one. */
export type Workload =
  | { readonly kind: 'no-op'; readonly pipeline: string; readonly output: boolean; readonly isAsync: boolean }
  | {
      readonly kind: 'wait';
      readonly pipeline: string;
      readonly waitMs: number;
      readonly slots: number;
      readonly ordering: Ordering;
      readonly partitions: number;
    }
  | { readonly kind: 'chain'; readonly pipeline: string };

/** Told by the handlers; `sentAtUs` is the task's own, on the clock of nowUs(). */
export interface Marks {
  started(sentAtUs: number): void;
  ended(sentAtUs: number): void;
}

const noMarks: Marks = { started() {}, ended() {} };

export const taskSchema = avroSchema({
  type: 'record',
  name: 'Task',
  namespace: 'bench',
  fields: [
    { name: 'url', type: 'string' },
    { name: 'sentAtUs', type: 'long' },
    { name: 'name', type: ['null', 'string'], default: null },
  ],
});

export const subjectOf = (topic: string): string => `${topic}-value`;

/** Microseconds of the machine's monotonic clock, the same in all its processes. */
export const nowUs = (): number => Number(process.hrtime.bigint() / 1_000n);

/** A task as any producer would write it: framed Avro, one header. */
export function taskRecord(codec: Codec, topic: string, index: number, key: string, sentAtUs: number): OutboundRecord {
  const payload = { url: `http://127.0.0.1/files/${index}.csv`, sentAtUs, name: null };
  const id = `018f4e7a-1c2b-7abc-9def-${String(index).padStart(12, '0')}`;
  const headers = { [envelopeHeader]: writeEnvelope({ id, at: Date.now(), source: 'bench' }) };
  return { topic, key, value: codec.encode(taskSchema, subjectOf(topic), payload), headers };
}

export function pipelineOf(workload: Workload, marks: Marks = noMarks): Pipeline {
  if (workload.kind === 'no-op') return noOpPipeline(workload, marks);
  return workload.kind === 'wait' ? waitPipeline(workload, marks) : chainPipeline(workload.pipeline, marks);
}

function noOpPipeline(workload: Workload & { kind: 'no-op' }, { started }: Marks): Pipeline {
  const { pipeline, output, isAsync } = workload;
  const next = defineStage({ name: 'next', input: taskSchema, process: () => undefined });
  const outputOf = (payload: { readonly url: string; readonly sentAtUs: number; readonly name: string | null }) => {
    started(payload.sentAtUs);
    return output ? to(next, payload) : undefined;
  };
  const first = defineStage({
    name: 'first',
    input: taskSchema,
    process: isAsync ? async ({ payload }) => outputOf(payload) : ({ payload }) => outputOf(payload),
  });
  return definePipeline({ name: pipeline, stages: [first, next] });
}

function waitPipeline(workload: Workload & { kind: 'wait' }, { started, ended }: Marks): Pipeline {
  const { pipeline, waitMs, slots, ordering, partitions } = workload;
  const first = defineStage({
    name: 'first',
    input: taskSchema,
    ordering,
    concurrency: slots,
    partitions,
    async process({ payload }) {
      started(payload.sentAtUs);
      await sleep(waitMs);
      ended(payload.sentAtUs);
    },
  });
  return definePipeline({ name: pipeline, stages: [first] });
}

/** Three stages that hand on at once. */
function chainPipeline(name: string, { started, ended }: Marks): Pipeline {
  const third = defineStage({
    name: 'third',
    input: taskSchema,
    async process({ payload }) {
      ended(payload.sentAtUs);
    },
  });
  const second = defineStage({ name: 'second', input: taskSchema, process: async ({ payload }) => to(third, payload) });
  const first = defineStage({
    name: 'first',
    input: taskSchema,
    async process({ payload }) {
      started(payload.sentAtUs);
      return to(second, payload);
    },
  });
  return definePipeline({ name, stages: [first, second, third] });
}
