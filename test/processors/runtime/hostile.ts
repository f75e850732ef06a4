import { expect } from 'vitest';
import type { SingleStageDefinition } from '../../../processors/stage.ts';
import { type Payload, RunnerBench, toNext } from './runner-bench.ts';

export const values = async (bench: RunnerBench, topic: string) =>
  (await bench.records(topic)).map((record) => String(record.value));

/** One task with that handler, and one after it that must not be harmed; the rows as `offset outcome code`. */
export async function runBeside(
  process: SingleStageDefinition<Payload>['process'],
  more: Partial<SingleStageDefinition<Payload>> = {},
) {
  const bench = await RunnerBench.open({
    ordering: 'none',
    retry: { attempts: 1 },
    ...more,
    process: (task, ctx) => (task.payload.n === 0 ? process(task, ctx) : toNext(task.payload.n)),
  });
  await bench.submitMany(2);
  const worker = await bench.start();
  const rows = await bench.rowsOnceEnded(2);
  await bench.committedTo(2);
  expect(worker.stats()[0]).toMatchObject({ inFlight: 0, queued: 0 });
  expect(bench.audit.violations).toEqual([]);
  return { bench, ends: rows.map((row) => `${row.offset} ${row.outcome} ${row.errorCode}`.trim()).toSorted(), rows };
}

/** What a handler of JavaScript may return, past the type checker. */
export const hostile = (make: () => unknown): SingleStageDefinition<Payload>['process'] => {
  const untyped: { process?: SingleStageDefinition<Payload>['process'] } = {};
  Object.assign(untyped, { process: make });
  return untyped.process ?? (() => undefined);
};

export const throwing = (what: string) => () => {
  throw new Error(`${what} of the handler`);
};
