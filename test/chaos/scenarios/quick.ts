import type { World } from '../world/world.ts';
import { mostlyGood, type Scenario, times, underLoad } from './scenario.ts';

const perSecond = 300;

/** One worker at a time: what the next one repeats is what the kill explains, and nothing else. */
export const quickKill: Scenario = {
  name: 'quick-kill',
  faults: 'kill -9 the only worker mid-handler',
  maxDuplicateShare: 0.2,
  sessionTimeoutMs: 3_000,
  async run(world) {
    await replacing(world, 2, (slot) => world.workers.kill(slot));
    return [];
  },
};

export const quickRestart: Scenario = {
  name: 'quick-restart',
  faults: 'SIGTERM the only worker, start the next',
  maxDuplicateShare: 0,
  // Who leaves is not waited for; a session that ends because the machine is busy would be a fault that nobody planned.
  sessionTimeoutMs: 30_000,
  async run(world) {
    await replacing(world, 1, (slot) => world.workers.terminate(slot));
    return [];
  },
};

/** What the zombie had, queued and running, the other worker finishes; then the zombie is given some of it again. */
export const quickZombie: Scenario = {
  name: 'quick-zombie',
  faults: 'SIGSTOP one of two workers past its session with a full queue, then SIGCONT',
  maxDuplicateShare: 0.2,
  sessionTimeoutMs: 3_000,
  async run(world) {
    await world.client.submit({ count: 6_000, wish: mostlyGood });
    await world.workers.startAll(2);
    await world.progress(300);
    await world.workers.freeze(0, 10_000);
    return [];
  },
};

async function replacing(world: World, count: number, end: (slot: number) => Promise<void>): Promise<void> {
  await world.workers.start(0);
  await underLoad(world, perSecond, mostlyGood, () =>
    times(count, async (slot) => {
      await world.progress(150);
      await end(slot);
      await world.workers.start(slot + 1);
    }),
  );
}
