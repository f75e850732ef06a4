import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { definePipeline, type Pipeline } from '../../processors/pipeline.ts';
import { defineStage, reject, retryable, to } from '../../processors/stage.ts';
import { avroSchema } from '../../schemas/avro-schema.ts';

export const numberSchema = avroSchema({
  type: 'record',
  name: 'Numbered',
  namespace: 'test.worker',
  fields: [{ name: 'n', type: 'long' }],
});

/** Every 100th task can never succeed. */
export const isPoison = (n: number): boolean => n % 100 === 99;

/** Two stages that fail now and then; the second one notes each task it ran in the ledger, a line each. */
export function numberPipeline(name: string, ledger: string): Pipeline {
  const count = defineStage({
    name: 'count',
    input: numberSchema,
    concurrency: 32,
    process({ payload }) {
      appendFileSync(ledger, `${payload.n}\n`);
    },
  });
  const check = defineStage({
    name: 'check',
    input: numberSchema,
    ordering: 'none',
    concurrency: 32,
    retry: { attempts: 20, firstDelayMs: 5 },
    async process({ payload }) {
      await sleep(Math.random() * 20);
      if (isPoison(payload.n)) throw reject('a poisoned number');
      if (Math.random() < 0.1) throw retryable('not this time');
      return to(count, payload);
    },
  });
  return definePipeline({ name, stages: [check, count] });
}
