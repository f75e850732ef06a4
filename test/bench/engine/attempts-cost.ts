import { startChild } from '../child.ts';
import { type BenchOptions, type Report, ratiosOf } from '../report.ts';
import { withStack } from './bench-stack.ts';
import type { RunResult } from './processes/engine.ts';
import type { Workload } from './workload.ts';

const sizes = { full: { count: 200_000, rounds: 9 }, quick: { count: 50_000, rounds: 3 } };
const workload: Workload = { kind: 'no-op', pipeline: 'bench', output: true, isAsync: false };

/** The no-op run with attempts recorded, beside one whose attempt records are neither encoded nor sent. */
export async function benchAttemptsCost({ quick }: BenchOptions): Promise<Report> {
  const { count, rounds } = quick ? sizes.quick : sizes.full;
  const pairs = await withStack(async (stack) => {
    await stack.prepare(workload);
    await stack.load(workload, count);
    const engine = await startChild(new URL('./processes/engine.ts', import.meta.url));
    const rateOf = async (recordAttempts: boolean): Promise<number> => {
      const { durableMs } = await engine.call<RunResult>('run', {
        place: stack.place,
        workload,
        count,
        recordAttempts,
      });
      await stack.rewind(workload);
      return (count * 1_000) / durableMs;
    };
    await rateOf(true);
    await rateOf(false);
    const measured = [];
    while (measured.length < rounds) measured.push({ baseline: await rateOf(false), ours: await rateOf(true) });
    await engine.end();
    return measured;
  });
  return {
    title: `What recording attempts costs: no-op stage, one output each, ${count} tasks`,
    measures: [
      { what: 'attempts recorded', unit: 'tasks/s', values: pairs.map(({ ours }) => ours) },
      { what: 'attempts left out', unit: 'tasks/s', values: pairs.map(({ baseline }) => baseline) },
      { what: 'cost', unit: '%', values: ratiosOf(pairs).map((ratio) => (1 - ratio) * 100), target: { atMost: 10 } },
    ],
  };
}
