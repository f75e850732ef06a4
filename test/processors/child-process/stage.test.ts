import { expect, it, onTestFinished } from 'vitest';
import { inChildProcess } from '../../../processors/child-process/in-child-process.ts';
import { RunnerBench } from '../runtime/runner-bench.ts';

it('a stage in child processes: outputs go on, an endless loop is timed out, an exit is retried, a reject is final', async () => {
  const process = inChildProcess<typeof import('./numbers.ts')>(new URL('./numbers.ts', import.meta.url), {
    processes: 2,
  });
  onTestFinished(() => process.close());
  const bench = await RunnerBench.open({
    concurrency: process.processes,
    ordering: 'none',
    timeoutMs: 4_000,
    retry: { attempts: 2 },
    process,
  });
  await bench.submitMany(6);
  await bench.start();
  // Where a process starts slowly, a second passes, and its task is announced as running.
  const rows = (await bench.rowsOnceEnded(6, 20_000)).filter(({ outcome }) => outcome !== 'running');
  const ends = rows.map((row) => `${row.offset} ${row.outcome} ${row.errorCode}`.trim()).toSorted();
  expect(ends).toEqual([
    '0 ok',
    '1 dead PIPE_STAGE_TIMEOUT',
    '1 retry PIPE_STAGE_TIMEOUT',
    '2 dead PIPE_STAGE_CPU_CRASHED',
    '2 retry PIPE_STAGE_CPU_CRASHED',
    '3 dead PIPE_STAGE_REJECTED',
    '4 ok',
    '5 ok',
  ]);
  const values = (await bench.records('p.next')).map((record) => String(record.value)).toSorted();
  expect(values).toEqual(['{"n":0}', '{"n":400}', '{"n":500}']);
});
