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
  full: { slices: { 100: 4, 1000: 2 }, rounds: 3, lines: 1_000_000, pacedSeconds: 40 },
  quick: { slices: { 100: 2, 1000: 1 }, rounds: 1, lines: 200_000, pacedSeconds: 30 },
};
const warmUpSeconds = 5;
/**
 * Ours and the baseline in turn, a slice each: the speed of a shared machine changes from one half minute to the next. Longer
 * where a thousand connect first, which takes a second or two.
 */
const sliceSeconds = { 100: 4, 1000: 15 };
/** Until the worker, and in Kafka what serves consumers, are compiled; the broker's compiler alone takes 0.3 of a core so long. */
const paceWarmUpSeconds = 20;
const settleMs = 500;

const workload: Workload = { kind: 'no-op', pipeline: 'bench', output: false, isAsync: false };
const topic = stageTopic('bench', 'first');

interface Slice {
  readonly ours: Hammered;
  readonly baseline: Hammered;
}

type Slices = Readonly<Record<Connections, readonly Slice[]>>;

interface Round {
  readonly posted: Slices;
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
    const baseline = await accumulator.call<string>('start', { brokers: stack.place.brokers, topic });
    const gateway = await child('./processes/gateway');
    const url = await gateway.call<string>('start', { place: stack.place, workload });
    const posted = await hammer(caller, { ours: url, baseline }, size.slices);
    await accumulator.call('stop');
    const streamed = await caller.call<Streamed>('stream', { url, lines: size.lines });
    if (streamed.accepted !== size.lines) throw new Error(`${streamed.accepted} of ${size.lines} lines were accepted`);
    const residentMb = await gateway.residentMb();
    const toStart = await paced(stack, caller, await child('../engine/processes/engine'), url, {
      perSecond: Math.round(meanRate(posted[100]) / 2),
      seconds: size.pacedSeconds,
    });
    await gateway.call('stop');
    return { posted, lines: size.lines / streamed.seconds, residentMb, toStart };
  } finally {
    for (const started of children.reverse()) await started.end();
  }
}

async function hammer(
  caller: Child,
  urls: Record<'ours' | 'baseline', string>,
  slices: Readonly<Record<Connections, number>>,
): Promise<Slices> {
  const post = (url: string, connections: number, seconds: number) =>
    caller.call<Hammered>('hammer', { url, connections, seconds });
  const slicesOf = async (connections: Connections): Promise<readonly Slice[]> => {
    const seconds = sliceSeconds[connections];
    const done: Slice[] = [];
    while (done.length < slices[connections]) {
      const baseline = await post(urls.baseline, connections, seconds);
      done.push({ baseline, ours: await post(urls.ours, connections, seconds) });
    }
    return done;
  };
  for (const url of [urls.baseline, urls.ours]) await post(url, 100, warmUpSeconds);
  return { 100: await slicesOf(100), 1000: await slicesOf(1_000) };
}

const meanRate = (slices: readonly Slice[]): number =>
  slices.reduce((sum, { ours }) => sum + ours.perSecond, 0) / slices.length;

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
  const slices = rounds.flatMap(({ posted }) => posted[connections]);
  const pairs = (of: (hammered: Hammered) => number): Pair[] =>
    slices.map(({ ours, baseline }) => ({ ours: of(ours), baseline: of(baseline) }));
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
      values: slices.map(({ ours }) => ours.failed),
      target: { atMost: 0 },
    },
  ];
}
