import type { TaskWish } from '../world/submitter.ts';
import type { World } from '../world/world.ts';
import { type Scenario, underLoad } from './scenario.ts';
import { down, frozen } from './service-faults.ts';

const workers = 3;
const sizes = {
  small: { faults: 12, tasks: 20_000, perSecond: 700 },
  full: { faults: 200, tasks: 500_000, perSecond: 350 },
} as const;

const weights = {
  kill: 34,
  terminate: 22,
  freezeShort: 10,
  freezeLong: 4,
  brokerKill: 5,
  brokerRestart: 4,
  brokerFreeze: 5,
  clickhouse: 6,
  registry: 4,
  sink: 6,
} as const;

const acts: Readonly<Record<keyof typeof weights, (world: World, slot: number) => Promise<void>>> = {
  kill: async ({ workers: pool }, slot) => {
    await pool.kill(slot);
    await pool.start(slot);
  },
  terminate: async ({ workers: pool }, slot) => {
    await pool.terminate(slot);
    await pool.start(slot);
  },
  freezeShort: ({ workers: pool }, slot) => pool.freeze(slot, 2_000),
  freezeLong: ({ workers: pool }, slot) => pool.freeze(slot, 9_000),
  brokerKill: (world) => down(world, world.services.kafka, 'kill -9', world.random.between(0, 2_000)),
  brokerRestart: (world) => down(world, world.services.kafka, 'restart', world.random.between(0, 2_000)),
  brokerFreeze: (world) => frozen(world, world.services.kafka, world.random.between(1_000, 8_000)),
  clickhouse: (world) => down(world, world.services.clickhouse, 'kill -9', world.random.between(0, 4_000)),
  registry: (world) => down(world, world.services.registry, 'kill -9', world.random.between(0, 4_000)),
  sink: async (world) => world.killSink(),
};

/** Cheap: what is under test is the road, not the work. */
function cheap(n: number): TaskWish {
  const ms = n % 6;
  if (n % 500 === 499) return { due: 'dead', plan: 'throw', ms };
  if (n % 200 === 100) return { due: 'ok', plan: 'flaky-4', ms };
  if (n % 50 === 24) return { due: 'ok', plan: 'flaky-2', ms };
  return { due: 'ok', plan: 'ok', ms };
}

export const soak: Scenario = {
  name: 'soak',
  faults: 'all of these mixed',
  maxDuplicateShare: 0.05,
  delayed: ['1s'],
  async run(world, scale) {
    const size = sizes[scale];
    await world.workers.startAll(workers);
    await underLoad(world, size.perSecond, cheap, async () => {
      const perFault = Math.floor(size.tasks / size.faults);
      while (world.faults.all.length < size.faults) {
        await world.submitted(perFault * world.faults.all.length);
        const slot = world.random.between(0, workers - 1);
        await world.workers.start(slot);
        await acts[world.random.weighted(weights)](world, slot);
      }
      await world.submitted(size.tasks);
    });
    return [];
  },
};
