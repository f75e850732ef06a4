import type { BatchPolicy } from '../../../../processors/batch-policy.ts';
import type { Ordering } from '../../../../processors/stage.ts';
import { Random } from './random.ts';

/** What a task's handler does; `flaky`, `hangs` and `requeues` only as often as the policy forgives. */
type Manner = 'ok' | 'flaky' | 'hangs' | 'requeues' | 'rejects' | 'throws';
/** What is wrong with a record before any handler sees it. */
type Flaw = 'none' | 'not-json' | 'no-value' | 'expired';

export interface TaskPlan {
  readonly n: string;
  readonly manner: Manner;
  readonly flaw: Flaw;
  /** Executions that fail before one succeeds. */
  readonly failures: number;
  /** 0: answers within the call. */
  readonly runMs: number;
  /** Stops when its signal aborts. */
  readonly obeys: boolean;
  readonly form: 'none' | 'one' | 'list' | 'stream';
  /** How an execution in a batch fails: by a result of its own, by none, by one that is not of the batch, or with all. */
  readonly inBatch: 'fails' | 'omitted' | 'forged' | 'spoils';
  /** The tasks that it hands on. */
  readonly outputs: readonly string[];
}

export interface Submission {
  readonly plan: TaskPlan;
  readonly afterMs: number;
  readonly partition: number;
  readonly key: string | null;
  readonly notBeforeMs: number | undefined;
  /** When it is cancelled, from the start; whether that comes too late is for chance. */
  readonly cancelledAfterMs: number | undefined;
}

export interface Scenario {
  readonly seed: number;
  readonly workers: number;
  readonly partitions: number;
  readonly ordering: Ordering;
  readonly concurrency: number;
  /** Its stages have processBatch. */
  readonly batch: Required<BatchPolicy> | undefined;
  readonly timeoutMs: number;
  /** In place; so many again after each delay. */
  readonly attempts: number;
  readonly delayed: readonly string[];
  readonly commitIntervalMs: number;
  readonly drainMs: number;
  readonly submissions: readonly Submission[];
  readonly faults: number;
  /** Time over which tasks come in and faults strike. */
  readonly spanMs: number;
  readonly planOf: (n: string) => TaskPlan;
  readonly random: Random;
}

/** How often one task of a batch may spoil it for another; each costs the other an attempt. */
export const mostSpoilt = 3;

export function drawScenario(seed: number): Scenario {
  const random = new Random(seed * 7919 + 17);
  const timeoutMs = random.between(60, 400);
  const attempts = random.between(2, 4);
  const delayed = random.pick([[], [], ['80ms'], ['30ms', '200ms']]);
  const partitions = random.between(1, 4);
  const spanMs = random.between(100, 1_500);
  const plans = new Map<string, TaskPlan>();
  const planOf = (n: string): TaskPlan => {
    const most = attempts * (delayed.length + 1);
    const plan = plans.get(n) ?? drawPlan(new Random(hash(`${seed}:${n}`)), n, timeoutMs, most);
    plans.set(n, plan);
    return plan;
  };
  const keys = random.between(1, 12);
  const cancels = new Random(hash(`${seed} cancels`));
  const batch = drawBatch(new Random(hash(`${seed} in batches`)));
  // In a batch a handler does not learn which of its tasks is cancelled, so nobody outside can say when that one ended.
  const cancelRate = batch === undefined && cancels.chance(0.4) ? 0.2 : 0;
  const tasks = random.chance(0.1) ? random.between(100, 200) : random.between(20, 90);
  return {
    seed,
    workers: random.between(1, 4),
    partitions,
    ordering: random.pick(['key', 'key', 'partition', 'none']),
    concurrency: random.chance(0.3) ? random.between(1, 3) : random.between(1, 50),
    batch,
    timeoutMs,
    attempts: batch === undefined ? attempts : attempts + mostSpoilt,
    delayed,
    commitIntervalMs: random.between(5, 60),
    drainMs: random.pick([5, 50, 5_000]),
    submissions: Array.from({ length: tasks }, (_, index) => ({
      plan: planOf(String(index)),
      afterMs: random.chance(0.5) ? 0 : random.between(0, spanMs),
      partition: random.between(0, partitions - 1),
      key: random.chance(0.1) ? null : `k${random.between(1, keys)}`,
      notBeforeMs: random.chance(0.05) ? random.between(1, spanMs) : undefined,
      cancelledAfterMs: cancels.chance(cancelRate) ? cancels.between(0, spanMs) : undefined,
    })),
    faults: random.chance(0.1) ? 0 : random.between(1, 15),
    spanMs,
    planOf,
    random: random.fork(),
  };
}

function drawBatch(random: Random): Required<BatchPolicy> | undefined {
  if (random.chance(0.65)) return undefined;
  return { maxSize: random.pick([1, 2, 3, 8, 30]), maxWaitMs: random.pick([0, 1, 5, 50]) };
}

function drawPlan(random: Random, n: string, timeoutMs: number, attempts: number): TaskPlan {
  const isChild = n.includes('.');
  const form = isChild ? 'none' : random.weighted({ none: 2, one: 5, list: 2, stream: 1 });
  const count = form === 'none' ? 0 : form === 'one' ? 1 : random.between(0, 3);
  const flaw = isChild ? 'none' : random.weighted({ none: 90, 'not-json': 3, 'no-value': 2, expired: 2 });
  const manner = random.weighted({ ok: 72, flaky: 10, hangs: 4, requeues: 4, rejects: 5, throws: 5 });
  const isWaiting = random.chance(0.75) || form === 'stream';
  return {
    n,
    manner,
    flaw,
    failures: random.between(1, attempts - 1),
    runMs: isWaiting ? random.between(1, random.chance(0.2) ? Math.floor(timeoutMs / 2) : 15) : 0,
    obeys: random.chance(0.6),
    form,
    outputs: Array.from({ length: count }, (_, index) => `${n}.${index}`),
    inBatch: random.pick(['fails', 'omitted', 'forged', 'spoils']),
  };
}

/** How its record must end. */
export function endOf(plan: TaskPlan): 'ok' | 'dead' | 'expired' {
  if (plan.flaw === 'expired') return 'expired';
  if (plan.flaw !== 'none' || plan.manner === 'rejects' || plan.manner === 'throws') return 'dead';
  return 'ok';
}

function hash(text: string): number {
  let value = 2_166_136_261;
  for (let at = 0; at < text.length; at++) value = Math.imul(value ^ text.charCodeAt(at), 16_777_619);
  return value;
}
