import {
  done,
  failed,
  type Output,
  type Outputs,
  reject,
  requeue,
  type StageContext,
  type Task,
  type TaskResult,
} from '../../../../processors/stage.ts';
import type { Ledger, Run, Session } from './ledger.ts';
import type { Payload } from './payload.ts';
import type { Scenario, TaskPlan } from './scenario.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** What handlers find around them. */
export interface Stagehands {
  readonly scenario: Scenario;
  readonly clock: VirtualClock;
  readonly ledger: Ledger;
  /** Of tasks that must not begin earlier; epoch ms. */
  readonly notBefore: ReadonlyMap<string, number>;
  /** Counts an execution of the task, wherever. */
  executed(plan: TaskPlan): number;
  /** Whether a batch of these may fail as a whole. */
  maySpoil(plans: readonly TaskPlan[]): boolean;
}

/** A task under way, and what its plan has for this execution. */
interface Part {
  readonly task: Task<Payload>;
  readonly plan: TaskPlan;
  readonly run: Run;
  readonly failing: boolean;
}

let batches = 0;

/** `process` of the simulated stages. */
export function playTask(world: Stagehands, session: Session, task: Task<Payload>, ctx: StageContext) {
  const part = begin(world, session, task);
  const { plan, run, failing } = part;
  ctx.signal.addEventListener('abort', () => world.ledger.end(session, run));
  if (plan.runMs > 0 || (plan.manner === 'hangs' && failing)) return work(world, part, session, ctx);
  world.ledger.end(session, run);
  return outcome(plan, failing);
}

/** `processBatch` of the simulated stages: each task by its own manner, unless one spoils it for all. */
export function playBatch(
  world: Stagehands,
  session: Session,
  tasks: readonly Task<Payload>[],
  ctx: StageContext,
): Promise<TaskResult[]> | TaskResult[] {
  const batch = batches++;
  const parts = tasks.map((task) => begin(world, session, task, batch));
  const end = () => {
    for (const { run } of parts) world.ledger.end(session, run);
  };
  ctx.signal.addEventListener('abort', end);
  const spoiler = parts.find((part) => part.failing && spoils(part.plan));
  const isSpoilt = spoiler !== undefined && world.maySpoil(parts.map(({ plan }) => plan));
  if (isSpoilt && spoiler.plan.manner === 'hangs') return forever();
  if (isSpoilt || parts.some(({ plan }) => plan.runMs > 0)) return workBatch(world, parts, isSpoilt, end, ctx);
  end();
  return parts.flatMap(resultsOf);
}

const spoils = ({ manner, inBatch }: TaskPlan) => manner === 'hangs' || (manner === 'flaky' && inBatch === 'spoils');

function begin(world: Stagehands, session: Session, task: Task<Payload>, batch?: number): Part {
  const plan = world.scenario.planOf(task.payload.n);
  const run = world.ledger.start(session, task, world.notBefore.get(task.payload.n), batch);
  return { task, plan, run, failing: world.executed(plan) <= plan.failures };
}

async function work(world: Stagehands, { plan, run, failing }: Part, session: Session, ctx: StageContext) {
  if (plan.manner === 'hangs' && failing) return forever<Outputs>();
  await pause(world, plan.runMs, plan.obeys, ctx);
  world.ledger.end(session, run);
  return outcome(plan, failing);
}

async function workBatch(
  world: Stagehands,
  parts: readonly Part[],
  isSpoilt: boolean,
  end: () => void,
  ctx: StageContext,
): Promise<TaskResult[]> {
  const runMs = Math.max(...parts.map(({ plan }) => plan.runMs));
  await pause(world, runMs, parts[0]?.plan.obeys === true, ctx);
  end();
  if (isSpoilt) throw new Error('for all of them');
  return parts.flatMap(resultsOf);
}

async function pause({ clock }: Stagehands, runMs: number, obeys: boolean, { signal }: StageContext): Promise<void> {
  const aborted = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
  await Promise.race([clock.sleep(runMs), obeys ? aborted : forever()]);
  if (obeys) signal.throwIfAborted();
}

/** None, one, or one that must not count. */
function resultsOf({ task, plan, failing }: Part): TaskResult[] {
  const isFailure = plan.manner === 'throws' || (failing && (plan.manner === 'flaky' || plan.manner === 'hangs'));
  if (isFailure && plan.inBatch === 'omitted') return [];
  if (isFailure && plan.inBatch === 'forged') return [done({ ...task }, outputsOf(plan))];
  if (isFailure && plan.manner === 'hangs') return [];
  try {
    return [done(task, outcome(plan, failing))];
  } catch (thrown) {
    return [failed(task, thrown)];
  }
}

function outcome(plan: TaskPlan, failing: boolean): Outputs {
  if (plan.manner === 'rejects') throw reject('never');
  if (plan.manner === 'requeues' && failing) throw requeue('not now', { afterMs: plan.failures * 20 });
  if (plan.manner === 'throws' || (plan.manner === 'flaky' && failing)) throw new Error('now and then');
  return outputsOf(plan);
}

function outputsOf(plan: TaskPlan): Outputs {
  const outputs = plan.outputs.map((n): Output => ({ stage: 'next', payload: { n } }));
  if (plan.form === 'none') return undefined;
  if (plan.form === 'one') return outputs[0];
  return plan.form === 'list' ? outputs : stream(outputs);
}

async function* stream(outputs: readonly Output[]): AsyncGenerator<Output> {
  for (const output of outputs) {
    await Promise.resolve();
    yield output;
  }
}

export function forever<T>(): Promise<T> {
  return new Promise(() => undefined);
}
