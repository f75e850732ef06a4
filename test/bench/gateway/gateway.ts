import { setTimeout as sleep } from 'node:timers/promises';
import { stageTopic } from '../../../topics/names.ts';
import { type Child, startChild } from '../child.ts';
import { type BenchStack, withStack } from '../engine/bench-stack.ts';
import type { Latencies } from '../engine/marks.ts';
import type { EngineStats } from '../engine/processes/engine.ts';
import type { Workload } from '../engine/workload.ts';
import {
  type BenchOptions,
  type Measure,
  type Pair,
  percentile,
  type Report,
  rateMeasures,
  ratiosOf,
} from '../report.ts';
import type { Hammered, Streamed } from './processes/caller.ts';

const sizes = {
  full: { seconds: 15, rounds: 3, lines: 1_000_000, pacedSeconds: 40 },
  quick: { seconds: 5, rounds: 1, lines: 200_000, pacedSeconds: 30 },
};
const warmUpSeconds = 3;
/** Until the worker, and in Kafka what serves consumers, are compiled; the broker's compiler alone takes 0.3 of a core so long. */
const paceWarmUpSeconds = 20;
const settleMs = 500;

const workload: Workload = { kind: 'no-op', pipeline: 'bench', output: false, isAsync: false };
const topic = stageTopic('bench', 'first');

interface Round {
  readonly ours: Readonly<Record<Connections, Hammered>>;
  readonly baseline: Readonly<Record<Connections, Hammered>>;
  readonly lines: number;
  readonly residentMb: number;
  readonly toStart: readonly number[];
}

const connectionCounts = [100, 1_000] as const;
type Connections = (typeof connectionCounts)[number];

/**
 * POST of tasks of 100 bytes, one each, over kept connections; the baseline is fastify with a kafkajs accumulator written
 * by hand. Then NDJSON, and the way of a task from POST to its handler at half of the load. Gateway, baseline, caller and worker
 * are processes of their own on one machine.
 */
export async function benchGateway({ quick }: BenchOptions): Promise<Report> {
  const size = quick ? sizes.quick : sizes.full;
  const rounds: Round[] = [];
  await withStack(async (stack) => {
    await stack.prepare(workload);
    for (let round = 0; round < size.rounds; round += 1) rounds.push(await runRound(stack, size));
  });
  return {
    title: 'Gateway: 100-byte tasks; the baseline is fastify and a kafkajs accumulator',
    measures: measuresOf(rounds),
  };
}

async function runRound(stack: BenchStack, size: (typeof sizes)['full']): Promise<Round> {
  const children: Child[] = [];
  const child = async (path: string): Promise<Child> => {
    const started = await startChild(new URL(path, import.meta.url));
    children.push(started);
    return started;
  };
  try {
    const caller = await child('./processes/caller');
    const accumulator = await child('./processes/accumulator');
    const baselineUrl = await accumulator.call<string>('start', { brokers: stack.place.brokers, topic });
    const baseline = await hammer(caller, baselineUrl, size.seconds);
    await accumulator.call('stop');
    const gateway = await child('./processes/gateway');
    const url = await gateway.call<string>('start', { place: stack.place, workload });
    const ours = await hammer(caller, url, size.seconds);
    const streamed = await caller.call<Streamed>('stream', { url, lines: size.lines });
    if (streamed.accepted !== size.lines) throw new Error(`${streamed.accepted} of ${size.lines} lines were accepted`);
    const residentMb = await gateway.residentMb();
    const toStart = await paced(stack, caller, await child('../engine/processes/engine'), url, {
      perSecond: Math.round(ours[100].perSecond / 2),
      seconds: size.pacedSeconds,
    });
    await gateway.call('stop');
    return { ours, baseline, lines: size.lines / streamed.seconds, residentMb, toStart };
  } finally {
    for (const started of children.reverse()) await started.end();
  }
}

async function hammer(caller: Child, url: string, seconds: number): Promise<Record<Connections, Hammered>> {
  await caller.call('hammer', { url, connections: 100, seconds: warmUpSeconds });
  return {
    100: await caller.call<Hammered>('hammer', { url, connections: 100, seconds }),
    1000: await caller.call<Hammered>('hammer', { url, connections: 1_000, seconds }),
  };
}

/** Time from when a task was to be posted to the start of its handler: more than from its 202. */
async function paced(
  stack: BenchStack,
  caller: Child,
  worker: Child,
  url: string,
  { perSecond, seconds }: { perSecond: number; seconds: number },
): Promise<readonly number[]> {
  await worker.call('start', { place: stack.place, workload, stages: ['first'] });
  await drained(worker);
  const before = (await worker.call<Latencies>('latencies')).toStart.length;
  const count = perSecond * seconds;
  await caller.call('pace', { url, perSecond, count, connections: 100 });
  await drained(worker);
  const { toStart } = await worker.call<Latencies>('latencies');
  await worker.call('stop');
  return toStart.slice(before + perSecond * paceWarmUpSeconds);
}

/** Waits until the worker has run what the topic holds; it holds something. */
async function drained(worker: Child): Promise<void> {
  for (let last = -1; ; ) {
    await sleep(settleMs);
    const { done } = await worker.call<EngineStats>('stats');
    if (done === last && done > 0) return;
    last = done;
  }
}

function measuresOf(rounds: readonly Round[]): Measure[] {
  const toStart = rounds.map(({ toStart: values }) => [...values].sort((a, b) => a - b));
  return [
    ...connectionCounts.flatMap((connections) => postMeasures(rounds, connections)),
    { what: 'NDJSON', unit: 'tasks/s', values: rounds.map(({ lines }) => lines), target: { atLeast: 50_000 } },
    { what: 'resident after it', unit: 'MiB', values: rounds.map(({ residentMb }) => residentMb) },
    startMeasure('p50', 0.5, 10, toStart),
    startMeasure('p99', 0.99, 50, toStart),
  ];
}

function startMeasure(name: string, share: number, atMost: number, rounds: readonly (readonly number[])[]): Measure {
  const values = rounds.map((sorted) => percentile(sorted, share));
  return { what: `POST to handler at half load, ${name}`, unit: 'ms', values, target: { atMost } };
}

function postMeasures(rounds: readonly Round[], connections: Connections): Measure[] {
  const pairs = (of: (hammered: Hammered) => number): Pair[] =>
    rounds.map(({ ours, baseline }) => ({ ours: of(ours[connections]), baseline: of(baseline[connections]) }));
  const p99 = pairs(({ p99Ms }) => p99Ms);
  const at = `c=${connections}`;
  return [
    ...rateMeasures(
      'tasks/s',
      0.85,
      pairs(({ perSecond }) => perSecond),
    ).map((measure) => ({
      ...measure,
      what: `${at} ${measure.what}`,
    })),
    { what: `${at} p99`, unit: 'ms', values: p99.map(({ ours }) => ours) },
    {
      what: `${at} p99 ratio`,
      unit: '',
      values: ratiosOf(p99),
      ...(connections === 100 && { target: { atMost: 1.5 } }),
    },
    {
      what: `${at} failed`,
      unit: '',
      values: rounds.map(({ ours }) => ours[connections].failed),
      target: { atMost: 0 },
    },
  ];
}
