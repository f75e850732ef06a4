import { startChild } from '../child.ts';
import type { BenchOptions, Report } from '../report.ts';
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
    const engine = await startChild(new URL('./processes/engine', import.meta.url));
    const measure = async (recordAttempts: boolean): Promise<RunResult> => {
      const result = await engine.call<RunResult>('run', {
        place: stack.place,
        workload,
        count,
        recordAttempts,
      });
      await stack.rewind(workload);
      return result;
    };
    await measure(true);
    await measure(false);
    const measured = [];
    while (measured.length < rounds) measured.push({ baseline: await measure(false), ours: await measure(true) });
    await engine.end();
    return measured;
  });
  const rate = ({ durableMs }: RunResult): number => (count * 1_000) / durableMs;
  const cost = (ours: number, baseline: number): number => (1 - ours / baseline) * 100;
  return {
    title: `What recording attempts costs: no-op stage, one output each, ${count} tasks`,
    measures: [
      { what: 'attempts recorded', unit: 'tasks/s', values: pairs.map(({ ours }) => rate(ours)) },
      { what: 'attempts left out', unit: 'tasks/s', values: pairs.map(({ baseline }) => rate(baseline)) },
      {
        what: 'cost',
        unit: '%',
        values: pairs.map((pair) => cost(rate(pair.ours), rate(pair.baseline))),
        target: { atMost: 10 },
      },
      { what: 'CPU, recorded', unit: 'µs a task', values: pairs.map(({ ours }) => ours.cpuUs / count) },
      { what: 'CPU, left out', unit: 'µs a task', values: pairs.map(({ baseline }) => baseline.cpuUs / count) },
    ],
  };
}
