import { auditEnd, type Tally } from './final-audit.ts';
import { drawScenario, type Scenario } from './scenario.ts';
import { type Fault, strike } from './strike.ts';
import { VirtualClock } from './virtual-clock.ts';
import { groups, topicsOfGroup, World } from './world.ts';

export interface Result extends Tally {
  readonly seed: number;
  readonly faults: readonly Fault[];
  readonly commits: number;
  readonly virtualMs: number;
}

/** From the last fault to lag 0; the slowest thing in it is the sender's longest pause, 5 s. */
const drainLimitMs = 60_000;
const lookEveryMs = 20;
const mostLines = 12;

/** Plays one seed. Rejects with everything that went wrong, and how to see it again. */
export async function runSeed(seed: number): Promise<Result> {
  const scenario = drawScenario(seed);
  const clock = new VirtualClock();
  const engineRandom = scenario.random.fork();
  const restore = clock.install(() => engineRandom.next());
  const world = new World(scenario, clock);
  const faults: Fault[] = [];
  const startedAt = clock.now;
  try {
    const tally = await clock.drive(play(world, faults), scenario.spanMs + drainLimitMs * 2);
    judge(scenario, world, faults, tally);
    return { ...tally, seed, faults, commits: world.audit.commits, virtualMs: clock.now - startedAt };
  } catch (thrown) {
    throw new Error(report(scenario, world, faults, thrown));
  } finally {
    restore();
  }
}

async function play(world: World, faults: Fault[]): Promise<Tally> {
  const { scenario, clock } = world;
  const random = scenario.random.fork();
  await world.open();
  for (let each = 0; each < scenario.workers; each++)
    clock.after(random.between(0, 50), () => void world.startWorker());
  for (let each = 0; each < scenario.faults; each++) {
    clock.after(random.between(0, scenario.spanMs), () => void faults.push(strike(world, random)));
  }
  // The last fault heals within 200 ms of the span's end.
  await clock.sleep(scenario.spanMs + 250);
  if (faults.length > 0) await world.startWorker();
  await drained(world);
  const tally = await auditEnd(world, world.ledger.violations);
  await Promise.all(world.workers.filter((worker) => worker.started).map((worker) => worker.stop()));
  return tally;
}

async function drained(world: World): Promise<void> {
  const deadline = world.clock.now + drainLimitMs;
  for (;;) {
    const lags = await lagOf(world);
    if (lags.length === 0) return;
    if (world.clock.now > deadline) throw new Error(`still behind after ${drainLimitMs} ms: ${lags.join(', ')}`);
    await world.clock.sleep(lookEveryMs);
  }
}

async function lagOf(world: World): Promise<string[]> {
  const admin = await world.broker.admin();
  const lags: string[] = [];
  const places = groups.flatMap((group) => topicsOfGroup(group, world.scenario).map((topic) => ({ group, topic })));
  for (const { group, topic } of places) {
    const ends = await admin.offsets(topic);
    for (const { partition, committed } of await admin.groupOffsets(group, topic)) {
      const end = ends[partition]?.latest ?? 0;
      const position = committed?.offset ?? 0;
      if (position !== end) lags.push(`${topic}/${partition} at ${position} of ${end}`);
    }
  }
  return lags;
}

function judge(scenario: Scenario, world: World, faults: readonly Fault[], tally: Tally): void {
  const { violations } = world.ledger;
  if (faults.length === 0 && tally.blamed > 0) violations.push(`${tally.blamed} tasks were blamed without a fault`);
  if (faults.length === 0 && scenario.workers === 1 && tally.duplicates > 0) {
    violations.push(`${tally.duplicates} duplicates without a fault`);
  }
  if (violations.length + world.audit.violations.length > 0) throw new Error('an invariant is broken');
}

function report(scenario: Scenario, world: World, faults: readonly Fault[], thrown: unknown): string {
  const { seed, workers, partitions, ordering, concurrency, batch, submissions } = scenario;
  const violations = [...world.audit.violations, ...world.ledger.violations];
  const shape = `${submissions.length} tasks, ${workers} workers, ${partitions} partitions, ${ordering}, ${concurrency} slots${batch === undefined ? '' : ` for batches of ${batch.maxSize}`}`;
  return [
    `seed ${seed}: ${thrown instanceof Error ? thrown.message : String(thrown)}`,
    `(${shape}; ${faults.join(', ') || 'no fault'})`,
    ...violations.slice(0, mostLines),
    ...(violations.length > mostLines ? [`and ${violations.length - mostLines} more`] : []),
    `again: SIM_SEED=${seed} npx vitest run --project unit test/processors/runtime/simulation`,
  ].join('\n');
}
