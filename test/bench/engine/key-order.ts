import { startChild } from '../child.ts';
import { type BenchOptions, type Report, rateMeasures } from '../report.ts';
import { withStack } from './bench-stack.ts';
import type { RunResult } from './processes/engine.ts';
import type { Workload } from './workload.ts';

const sizes = { full: { count: 40_000, rounds: 7 }, quick: { count: 10_000, rounds: 3 } };
const keys = 10_000;
const slots = 64;
const base = { kind: 'wait', pipeline: 'bench', waitMs: 5, slots, partitions: 1 } as const;

/** Spreads indexes over the keys as if by lot, the same way each time (Knuth's multiplicative hash). */
const keyOf = (index: number): string => `k${(Math.imul(index, 2_654_435_761) >>> 0) % keys}`;

/** Handlers of 5 ms on one partition: in order of their key, beside in any order. */
export async function benchKeyOrder({ quick }: BenchOptions): Promise<Report> {
  const { count, rounds } = quick ? sizes.quick : sizes.full;
  const pairs = await withStack(async (stack) => {
    const ordered: Workload = { ...base, ordering: 'key' };
    await stack.prepare(ordered);
    await stack.load(ordered, count, keyOf);
    const engine = await startChild(new URL('./processes/engine', import.meta.url));
    const rateOf = async (workload: Workload): Promise<number> => {
      const { handlersMs } = await engine.call<RunResult>('run', { place: stack.place, workload, count });
      await stack.rewind(workload);
      return (count * 1_000) / handlersMs;
    };
    const unordered: Workload = { ...base, ordering: 'none' };
    await rateOf(unordered);
    await rateOf(ordered);
    const measured = [];
    while (measured.length < rounds) measured.push({ baseline: await rateOf(unordered), ours: await rateOf(ordered) });
    await engine.end();
    return measured;
  });
  const title = `Order by key: ${count} tasks of 5 ms, ${keys} keys, 1 partition, ${slots} slots; the baseline has no order`;
  return { title, measures: rateMeasures('tasks/s', 0.9, pairs) };
}
