import { setTimeout as sleep } from 'node:timers/promises';
import { stageTopic } from '../../../topics/names.ts';
import { type Child, startChild } from '../child.ts';
import { type BenchOptions, type Measure, percentile, type Report } from '../report.ts';
import { type BenchStack, withStack } from './bench-stack.ts';
import type { Latencies } from './marks.ts';
import type { Workload } from './workload.ts';

const perSecond = 500;
/** Broker, worker and baseline are compiled by then. */
const warmUpSeconds = 20;
const sizes = { full: { seconds: 30, rounds: 3 }, quick: { seconds: 10, rounds: 1 } };
const settleMs = 1_000;
const chain = (pipeline: string): Workload => ({ kind: 'chain', pipeline });
const stages = ['first', 'second', 'third'];

/**
 * A steady 500 tasks a second through three stages. Generator and worker are processes of their own; each task counts
 * from the moment it was to be sent, so a stall is paid by all that come due in it.
 */
export async function benchLatency({ quick }: BenchOptions): Promise<Report> {
  const { seconds, rounds } = quick ? sizes.quick : sizes.full;
  const measured: { ours: Latencies; baseline: Latencies }[] = [];
  await withStack(async (stack) => {
    for (let round = 0; round < rounds; round += 1) {
      const baseline = await measure(stack, 'bare', `bare${round}`, seconds);
      const ours = await measure(stack, 'engine', `bench${round}`, seconds);
      measured.push({ ours, baseline });
    }
  });
  const ours = measured.map((round) => round.ours);
  const baseline = measured.map((round) => round.baseline);
  return {
    title: `Latency: ${perSecond} tasks/s through three stages for ${seconds} s; the baseline is three kafkajs loops`,
    measures: [
      ...measuresOf(
        'end to end',
        ours.map(({ toEnd }) => toEnd),
        { 0.99: 50 },
      ),
      ...measuresOf(
        'produce to start',
        ours.map(({ toStart }) => toStart),
        { 0.5: 10 },
      ),
      ...measuresOf(
        'end to end, baseline',
        baseline.map(({ toEnd }) => toEnd),
      ),
      ...measuresOf(
        'produce to start, baseline',
        baseline.map(({ toStart }) => toStart),
      ),
    ],
  };
}

async function measure(
  stack: BenchStack,
  who: 'bare' | 'engine',
  pipeline: string,
  seconds: number,
): Promise<Latencies> {
  const { place } = stack;
  const workload = chain(pipeline);
  await stack.prepare(workload);
  const runner = await startChild(new URL(`./processes/${who}`, import.meta.url));
  const generator = await startChild(new URL('./processes/generator', import.meta.url));
  const topics = stages.map((stage) => stageTopic(pipeline, stage));
  await runner.call('start', who === 'bare' ? { brokers: place.brokers, topics } : { place, workload });
  const count = (warmUpSeconds + seconds) * perSecond;
  await generator.call('generate', { place, topic: topics[0], perSecond, count });
  const latencies = await settled(runner, count);
  await runner.call('stop');
  await runner.end();
  await generator.end();
  return { toStart: latencies.toStart.slice(-seconds * perSecond), toEnd: latencies.toEnd.slice(-seconds * perSecond) };
}

/** Waits until all have come through. */
async function settled(runner: Child, count: number): Promise<Latencies> {
  for (let tries = 30; tries > 0; tries -= 1) {
    await sleep(settleMs);
    const latencies = await runner.call<Latencies>('latencies');
    if (latencies.toEnd.length > count) throw new Error(`${latencies.toEnd.length} ends of ${count} tasks`);
    if (latencies.toEnd.length === count) return latencies;
  }
  throw new Error('tasks of the latency run are missing');
}

type Targets = Readonly<Record<number, number>>;

function measuresOf(what: string, rounds: readonly (readonly number[])[], targets: Targets = {}): Measure[] {
  const sorted = rounds.map((values) => [...values].sort((a, b) => a - b));
  const at = (share: number, name: string): Measure => {
    const atMost = targets[share];
    const values = sorted.map((each) => percentile(each, share));
    return { what: `${what}, ${name}`, unit: 'ms', values, ...(atMost === undefined ? {} : { target: { atMost } }) };
  };
  return [at(0.5, 'p50'), at(0.9, 'p90'), at(0.99, 'p99'), at(1, 'max')];
}
