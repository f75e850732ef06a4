import type { World } from '../world/world.ts';
import { mostlyGood, type Scenario, times, underLoad } from './scenario.ts';

const workers = 3;
const perSecond = 400;
const none: readonly string[] = [];

const pickSlot = (world: World): number => world.random.between(0, workers - 1);

export const killWorkers: Scenario = {
  name: 'kill-9',
  faults: 'kill -9 a worker mid-handler',
  maxDuplicateShare: 0.02,
  async run(world, scale) {
    await world.workers.startAll(workers);
    await underLoad(world, perSecond, mostlyGood, () =>
      times(scale === 'full' ? 12 : 4, async () => {
        await world.progress(world.random.between(200, 800));
        const slot = pickSlot(world);
        await world.workers.kill(slot);
        await world.workers.start(slot);
      }),
    );
    return none;
  },
};

export const rollingRestart: Scenario = {
  name: 'rolling',
  faults: 'SIGTERM, rolling restart of 3 workers',
  maxDuplicateShare: 0,
  async run(world, scale) {
    await world.workers.startAll(workers);
    await underLoad(world, perSecond, mostlyGood, () =>
      times(scale === 'full' ? 5 : 2, () =>
        times(workers, async (slot) => {
          await world.progress(200);
          await world.workers.terminate(slot);
          await world.workers.start(slot);
        }),
      ),
    );
    return none;
  },
};

export const zombie: Scenario = {
  name: 'zombie',
  faults: 'SIGSTOP a worker past its session, then SIGCONT',
  maxDuplicateShare: 0.02,
  async run(world, scale) {
    await world.workers.startAll(workers);
    await underLoad(world, perSecond, mostlyGood, () =>
      times(scale === 'full' ? 3 : 1, async () => {
        await world.progress(500);
        await world.workers.freeze(pickSlot(world), scale === 'full' ? 30_000 : 12_000);
      }),
    );
    return none;
  },
};

export const stall: Scenario = {
  name: 'stall',
  faults: 'event loop blocked past the session, once a task',
  // All that a worker holds at once, each time one is blocked: of 2 000 tasks about 160.
  maxDuplicateShare: 0.1,
  blockMs: 10_000,
  async run(world, scale) {
    await world.workers.startAll(workers);
    const blocking = scale === 'full' ? 4 : 2;
    await world.client.submit({
      count: blocking * 2_000,
      perSecond,
      wish: (n) => (n % 2_000 === 1_000 ? { due: 'ok', plan: 'block-once', ms: 1 } : mostlyGood(n)),
    });
    return none;
  },
};

const stormTick = 500;
const stormWorkers = 6;

export const storm: Scenario = {
  name: 'storm',
  faults: 'rebalance storm: up to 60 % of 6 workers toggled every 500 ms',
  maxDuplicateShare: 0.05,
  async run(world, scale) {
    await world.workers.startAll(stormWorkers);
    const ticks = (scale === 'full' ? 60_000 : 20_000) / stormTick;
    const changes = new Set<Promise<void>>();
    await underLoad(world, perSecond, mostlyGood, () =>
      times(ticks, async () => {
        const change = toggle(world, world.random.between(0, stormWorkers - 1)).finally(() => changes.delete(change));
        changes.add(change);
        await world.sleep(stormTick);
      }),
    );
    await Promise.all(changes);
    return none;
  },
};

/** At least 40 % stay. */
async function toggle(world: World, slot: number): Promise<void> {
  const { slots } = world.workers;
  if (!slots.includes(slot)) await world.workers.start(slot);
  else if (slots.length > stormWorkers * 0.4) await world.workers.terminate(slot);
}
