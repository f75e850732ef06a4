import { startChild } from '../child.ts';
import type { BenchOptions, Report } from '../report.ts';
import { withStack } from './bench-stack.ts';
import type { RunResult } from './processes/engine.ts';
import type { Workload } from './workload.ts';

const sizes = { full: { count: 20_000, rounds: 3 }, quick: { count: 4_000, rounds: 1 } };
const slots = 500;
const waitMs = 1_000;

/** Handlers of one second on far more slots than partitions, beside a plain pool in memory that has no queue to read. */
export async function benchSlots({ quick }: BenchOptions): Promise<Report> {
  const { count, rounds } = quick ? sizes.quick : sizes.full;
  const idealMs = (count / slots) * waitMs;
  const workload: Workload = { kind: 'wait', pipeline: 'bench', waitMs, slots, ordering: 'key', partitions: 1 };
  const pairs = await withStack(async (stack) => {
    await stack.prepare(workload);
    await stack.load(workload, count);
    const engine = await startChild(new URL('./processes/engine', import.meta.url));
    const pool = await startChild(new URL('./processes/pool', import.meta.url));
    const measured = [];
    while (measured.length < rounds) {
      const baselineMs = await pool.call<number>('run', { count, slots, waitMs });
      const { handlersMs } = await engine.call<RunResult>('run', { place: stack.place, workload, count });
      await stack.rewind(workload);
      measured.push({ ours: handlersMs, baseline: baselineMs });
    }
    await engine.end();
    await pool.end();
    return measured;
  });
  return {
    title: `Slot use: ${count} tasks of 1 s on ${slots} slots, one process, 1 partition (ideal ${idealMs / 1_000} s)`,
    measures: [
      { what: 'penstock', unit: 's', values: pairs.map(({ ours }) => ours / 1_000) },
      { what: 'pool in memory', unit: 's', values: pairs.map(({ baseline }) => baseline / 1_000) },
      { what: 'slot use', unit: '', values: pairs.map(({ ours }) => idealMs / ours), target: { atLeast: 0.98 } },
      { what: 'slot use, pool in memory', unit: '', values: pairs.map(({ baseline }) => idealMs / baseline) },
    ],
  };
}
