import { stageTopic } from '../../../topics/names.ts';
import { type Child, startChild } from '../child.ts';
import { type BenchOptions, type Measure, type Pair, type Report, rateMeasures, ratiosOf } from '../report.ts';
import { type BenchStack, withStack } from './bench-stack.ts';
import type { RunResult } from './processes/engine.ts';
import type { Workload } from './workload.ts';

const sizes = { full: { count: 200_000, rounds: 7 }, quick: { count: 50_000, rounds: 3 } };

interface Contenders {
  readonly engine: Child;
  readonly bare: Child;
  /** The same loop on a kafkajs that has the mends of Penstock: what the engine itself costs. */
  readonly mended: Child;
}

interface Round {
  readonly sync: RunResult;
  readonly async: RunResult;
  readonly bare: RunResult;
  readonly mended: RunResult;
}

/** One output record for each task. */
export const benchNoOp = (options: BenchOptions): Promise<Report> =>
  bench({ output: true, target: 0.7, title: 'No-op stage, one output each, attempts recorded' }, options);

/** Tasks end in the stage; all that is written are attempts. */
export const benchNoOpSink = (options: BenchOptions): Promise<Report> =>
  bench({ output: false, target: 0.25, title: 'No-op stage without output, attempts recorded' }, options);

interface Kind {
  readonly output: boolean;
  readonly target: number;
  readonly title: string;
}

async function bench(kind: Kind, { quick }: BenchOptions): Promise<Report> {
  const { count, rounds: roundCount } = quick ? sizes.quick : sizes.full;
  const rounds = await withStack(async (stack) => {
    const workload: Workload = { kind: 'no-op', pipeline: 'bench', output: kind.output, isAsync: false };
    await stack.prepare(workload);
    await stack.load(workload, count);
    const contenders = await startContenders();
    await measureRound(stack, contenders, workload, count);
    const measured: Round[] = [];
    while (measured.length < roundCount) measured.push(await measureRound(stack, contenders, workload, count));
    for (const child of Object.values(contenders)) await child.end();
    return measured;
  });
  return { title: `${kind.title}: ${count} tasks, 6 partitions`, measures: measuresOf(rounds, count, kind.target) };
}

async function startContenders(): Promise<Contenders> {
  const bareLoop = new URL('./processes/bare', import.meta.url);
  const engine = await startChild(new URL('./processes/engine', import.meta.url));
  const contenders = { engine, bare: await startChild(bareLoop), mended: await startChild(bareLoop) };
  await contenders.mended.call('patch');
  return contenders;
}

/** All read the same topic; the first round only warms up. */
async function measureRound(
  stack: BenchStack,
  { engine, bare, mended }: Contenders,
  workload: Workload & { kind: 'no-op' },
  count: number,
): Promise<Round> {
  const { pipeline, output } = workload;
  const loop = { brokers: stack.place.brokers, from: stageTopic(pipeline, 'first'), count };
  const bareRun = output ? { ...loop, to: stageTopic(pipeline, 'next') } : loop;
  const runEngine = async (isAsync: boolean): Promise<RunResult> => {
    const run = { place: stack.place, workload: { ...workload, isAsync }, count };
    const result = await engine.call<RunResult>('run', run);
    const committed = await stack.committed(workload);
    if (committed !== count) throw new Error(`${committed} of ${count} tasks are committed`);
    await stack.rewind(workload);
    return result;
  };
  return {
    bare: await bare.call('run', bareRun),
    sync: await runEngine(false),
    mended: await mended.call('run', bareRun),
    async: await runEngine(true),
  };
}

function measuresOf(rounds: readonly Round[], count: number, target: number): Measure[] {
  const rate = ({ durableMs }: RunResult): number => (count * 1_000) / durableMs;
  const cpu = ({ cpuUs }: RunResult): number => cpuUs / count;
  const pairs = (ours: keyof Round, baseline: keyof Round): Pair[] =>
    rounds.map((round) => ({ ours: rate(round[ours]), baseline: rate(round[baseline]) }));
  const rates = (name: keyof Round): number[] => rounds.map((round) => rate(round[name]));
  const cpus = (name: keyof Round): number[] => rounds.map((round) => cpu(round[name]));
  return [
    ...rateMeasures('tasks/s', target, pairs('sync', 'bare')),
    { what: 'penstock, async handler', unit: 'tasks/s', values: rates('async') },
    { what: 'ratio, async handler', unit: '', values: ratiosOf(pairs('async', 'bare')) },
    { what: 'baseline on mended kafkajs', unit: 'tasks/s', values: rates('mended') },
    { what: 'ratio to that', unit: '', values: ratiosOf(pairs('sync', 'mended')) },
    { what: 'CPU, penstock', unit: 'µs a task', values: cpus('sync') },
    { what: 'CPU, penstock, async handler', unit: 'µs a task', values: cpus('async') },
    { what: 'CPU, baseline', unit: 'µs a task', values: cpus('bare') },
    { what: 'CPU, baseline on mended kafkajs', unit: 'µs a task', values: cpus('mended') },
  ];
}
