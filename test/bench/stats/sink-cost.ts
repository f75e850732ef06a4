import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startClickHouseProcess } from '../../deploy/clickhouse-process.ts';
import { type Child, startChild } from '../child.ts';
import { type BenchStack, withStack } from '../engine/bench-stack.ts';
import type { RunResult } from '../engine/processes/engine.ts';
import type { Workload } from '../engine/workload.ts';
import type { BenchOptions, Measure, Pair, Report } from '../report.ts';

interface Trial {
  readonly what: string;
  readonly workload: Workload;
  readonly count: number;
  readonly target?: { readonly atMost: number };
}

const waiting: Workload = {
  ...{ kind: 'wait', pipeline: 'waiting', waitMs: 50, slots: 50 },
  ...{ ordering: 'none', partitions: 3 },
};
const busy: Workload = { kind: 'no-op', pipeline: 'busy', output: false, isAsync: false };

/**
 * What the sink and its ClickHouse take from a worker beside them on the same cores. Handlers that wait, a thousand tasks
 * a second, are the target; a worker that does nothing but Penstock's own work fills a core, so it shares what is left.
 */
export async function benchSinkCost({ quick }: BenchOptions): Promise<Report> {
  const rounds = quick ? 3 : 7;
  const scale = quick ? 1 : 2;
  const trials: readonly Trial[] = [
    { what: 'handlers of 50 ms, 50 slots', workload: waiting, count: 8_000 * scale, target: { atMost: 5 } },
    { what: 'no-op', workload: busy, count: 50_000 * scale },
  ];
  const dataDir = await mkdtemp(join(tmpdir(), 'penstock-bench-'));
  const server = await startClickHouseProcess(dataDir);
  try {
    const measures = await withStack(async (stack) => {
      const engine = await startChild(new URL('../engine/processes/engine', import.meta.url));
      const sink = await startChild(new URL('./processes/sink', import.meta.url));
      const rig = { stack, engine, sink, clickhouseUrl: server.url, rows: 0 };
      const found: Measure[] = [];
      for (const trial of trials) found.push(...measuresOf(trial, await measure(rig, trial, rounds)));
      await Promise.all([engine.end(), sink.end()]);
      return found;
    });
    return { title: 'What a sink on the same machine takes from a worker', measures };
  } finally {
    await server.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

interface Rig {
  readonly stack: BenchStack;
  readonly engine: Child;
  readonly sink: Child;
  readonly clickhouseUrl: string;
  /** That the sink is to have stored by now. */
  rows: number;
}

/** Tasks a second, with the sink and without. What a run without it leaves behind is stored before the next one begins. */
async function measure(rig: Rig, { workload, count }: Trial, rounds: number): Promise<Pair[]> {
  const { stack, engine, sink, clickhouseUrl } = rig;
  const { place } = stack;
  await stack.prepare(workload);
  await stack.load(workload, count);
  const run = async (): Promise<number> => {
    const { durableMs } = await engine.call<RunResult>('run', { place, workload, count });
    await stack.rewind(workload);
    rig.rows += count;
    return (count * 1_000) / durableMs;
  };
  await run();
  const pairs: Pair[] = [];
  while (pairs.length < rounds) {
    await sink.call('start', { place, clickhouseUrl });
    await sink.call('stored', { count: rig.rows });
    const ours = await run();
    await sink.call('stored', { count: rig.rows });
    await sink.call('stop');
    pairs.push({ ours, baseline: await run() });
  }
  return pairs;
}

function measuresOf({ what, target }: Trial, pairs: readonly Pair[]): Measure[] {
  const slower = pairs.map(({ ours, baseline }) => (1 - ours / baseline) * 100);
  return [
    { what: `${what}: with the sink`, unit: 'tasks/s', values: pairs.map(({ ours }) => ours) },
    { what: `${what}: without`, unit: 'tasks/s', values: pairs.map(({ baseline }) => baseline) },
    { what: `${what}: slowed by`, unit: '%', values: slower, ...(target && { target }) },
  ];
}
