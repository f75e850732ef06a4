import { setTimeout as sleep } from 'node:timers/promises';
import { type Child, startChild } from '../child.ts';
import type { BenchOptions, Report } from '../report.ts';
import { withStack } from './bench-stack.ts';
import type { EngineStats } from './processes/engine.ts';
import type { Workload } from './workload.ts';

const sizes = { full: { count: 1_000_000, seconds: 75 }, quick: { count: 200_000, seconds: 15 } };
const slots = 500;
const sampleMs = 500;
const workload: Workload = { kind: 'wait', pipeline: 'bench', waitMs: 1_000, slots, ordering: 'key', partitions: 6 };

interface Watched {
  readonly beforeMb: number;
  readonly samplesMb: readonly number[];
  readonly done: number;
  readonly rebalances: number;
}

/** A worker in front of far more than it can do: what it holds in memory, and whether it keeps its partitions. */
export async function benchBacklog({ quick }: BenchOptions): Promise<Report> {
  const { count, seconds } = quick ? sizes.quick : sizes.full;
  const { beforeMb, samplesMb, done, rebalances } = await withStack(async (stack) => {
    await stack.prepare(workload);
    await stack.load(workload, count);
    const engine = await startChild(new URL('./processes/engine', import.meta.url));
    await engine.call('stats');
    const idleMb = await engine.residentMb();
    await engine.call('start', { place: stack.place, workload });
    const watched = await watch(engine, seconds);
    await engine.call('stop');
    await engine.end();
    return { ...watched, beforeMb: idleMb };
  });
  const third = Math.floor(samplesMb.length / 3);
  const growth = mean(samplesMb.slice(-third)) - mean(samplesMb.slice(third, 2 * third));
  return {
    title: `Backlog: ${count} tasks of 1 s on ${slots} slots, ${seconds} s of it; the worker’s resident set`,
    measures: [
      { what: 'before it joins', unit: 'MiB', values: [beforeMb] },
      { what: 'highest', unit: 'MiB', values: [Math.max(...samplesMb)], target: { atMost: 300 } },
      { what: 'last third − second third', unit: 'MiB', values: [growth], target: { atMost: 10 } },
      { what: 'rebalances', unit: '', values: [rebalances], target: { atMost: 0 } },
      { what: 'slot use', unit: '', values: [done / (slots * seconds)] },
    ],
  };
}

async function watch(engine: Child, seconds: number): Promise<Omit<Watched, 'beforeMb'>> {
  const samplesMb: number[] = [];
  while (samplesMb.length * sampleMs < seconds * 1_000) {
    await sleep(sampleMs);
    samplesMb.push(await engine.residentMb());
  }
  const { done, rebalances } = await engine.call<EngineStats>('stats');
  return { samplesMb, done, rebalances };
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
