import { describe, expect, expectTypeOf, it } from 'vitest';
import {
  type BatchStage,
  type BatchStageDefinition,
  defineStage,
  done,
  type SingleStage,
  type StageDefinition,
  to,
} from '../../processors/stage.ts';
import type { RecordSchema } from '../../schemas/record-schema.ts';

interface Payload {
  readonly n: number;
}

const input: RecordSchema<Payload> = { name: 'test.Task', avro: { type: 'record' } };
const named = { name: 'work', input };
const process = () => undefined;
const processBatch: BatchStageDefinition<Payload>['processBatch'] = (tasks) => tasks.map((task) => done(task));

/** As a module of JavaScript would call it. */
function defineUntyped(definition: Record<string, unknown>): unknown {
  const untyped: { define?: (definition: object) => unknown } = {};
  Object.assign(untyped, { define: defineStage });
  return untyped.define?.(definition);
}

describe('a batch stage', () => {
  it('has a hundred tasks a batch and a wait of 50 ms, unless it says otherwise', () => {
    expect(defineStage({ ...named, processBatch })).toMatchObject({
      concurrency: 16,
      batch: { maxSize: 100, maxWaitMs: 50 },
    });
    expect(defineStage({ ...named, processBatch, batch: { maxSize: 7 } }).batch).toEqual({ maxSize: 7, maxWaitMs: 50 });
    expect(defineStage({ ...named, process })).not.toHaveProperty('batch');
  });

  it.each([
    ['with both', { process, processBatch }],
    ['with none', {}],
    ['with batch, but process', { process, batch: {} }],
    ['with batches of none', { processBatch, batch: { maxSize: 0 } }],
    ['with half a task', { processBatch, batch: { maxSize: 1.5 } }],
    ['with a text for a number', { processBatch, batch: { maxSize: '5' } }],
    ['with endless batches', { processBatch, batch: { maxSize: 10_001 } }],
    ['with an endless wait', { processBatch, batch: { maxWaitMs: Number.POSITIVE_INFINITY } }],
    ['with a wait below nothing', { processBatch, batch: { maxWaitMs: -1 } }],
  ])('%s is refused', (_what, more) => {
    expect(() => defineUntyped({ ...named, ...more })).toThrow(
      expect.objectContaining({ code: 'PIPE_CONFIG_INVALID', message: expect.stringContaining('“work”') }),
    );
  });

  it('is refused by the compiler with both and with none; its tasks and its name are typed', () => {
    type Single = Pick<SingleStage<Payload>, 'name' | 'input'> & { process: () => undefined };
    type Batch = typeof named & { processBatch: typeof processBatch };
    expectTypeOf<Single>().toExtend<StageDefinition<Payload>>();
    expectTypeOf<Batch>().toExtend<StageDefinition<Payload>>();
    expectTypeOf<Single & Batch>().not.toExtend<StageDefinition<Payload>>();
    expectTypeOf<typeof named>().not.toExtend<StageDefinition<Payload>>();
    expectTypeOf<Single & { batch: { maxSize: number } }>().not.toExtend<StageDefinition<Payload>>();
    const stage = defineStage({
      ...named,
      processBatch(tasks, ctx) {
        expectTypeOf(tasks[0]?.payload.n).toEqualTypeOf<number | undefined>();
        expectTypeOf(ctx.signal).toEqualTypeOf<AbortSignal>();
        return [];
      },
    });
    expectTypeOf(stage).toEqualTypeOf<BatchStage<Payload>>();
    expect(to(stage, { n: 1 })).toEqual({ stage: 'work', payload: { n: 1 } });
  });
});
