import type { Due } from '../check/evidence.ts';
import type { TaskWish } from '../world/submitter.ts';
import type { World } from '../world/world.ts';
import { mostlyGood, type Scenario } from './scenario.ts';

const workers = 3;
const perSecond = 500;
const none: readonly string[] = [];

const manyHeaders = Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`h${index}`, `value ${index}`]));

/** One for each way to spoil a record; `ms` is for those that run. */
const spoilt: readonly TaskWish[] = [
  { due: 'dead', plan: 'throw', ms: 3 },
  { due: 'dead', plan: 'ok', ms: 3, value: Buffer.from([0, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]) },
  { due: 'dead', plan: 'ok', ms: 3, value: Buffer.from([7, 0, 0, 0, 1, 2, 2]) },
  { due: 'dead', plan: 'ok', ms: 3, value: null },
  { due: 'dead', plan: 'ok', ms: 3, value: Buffer.alloc(0) },
  { due: 'dead', plan: 'ok', ms: 3, value: Buffer.from('{"n": 1, "plan": ') },
  { due: 'ok', plan: 'ok', ms: 3, key: null },
  { due: 'ok', plan: 'ok', ms: 3, headers: manyHeaders },
  { due: 'dead', plan: 'throw', ms: 3, headers: manyHeaders, key: null },
];

export const poison: Scenario = {
  name: 'poison',
  faults: 'poison 1 %: throws, malformed Avro, wrong magic byte, null, empty, cut JSON, no key, 1 000 headers',
  maxDuplicateShare: 0,
  async run(world, scale) {
    await world.workers.startAll(workers);
    const wish = (n: number): TaskWish => (n % 100 === 50 ? spoiltBy(n) : mostlyGood(n));
    await world.client.submit({ count: scale === 'full' ? 20_000 : 5_000, perSecond, wish });
    return none;
  },
};

const spoiltBy = (n: number): TaskWish => spoilt[Math.floor(n / 100) % spoilt.length] ?? mostlyGood(n);

/** Two owners that vanish may be chance, two that vanish with it alone are not (docs/reliability.md). */
const mostEnds = 4;
/** It is given up long before. */
const harmLimitMs = 120_000;

/** Harms its process until it is given up; else the test itself ends the harm, so that the rest can be judged. */
async function runHarm(world: World, plan: 'exit' | 'block', due: Due): Promise<readonly string[]> {
  await world.workers.startAll(workers);
  await world.client.submit({
    count: 3_000,
    perSecond,
    wish: (n) => (n === 1_000 ? { due, plan, ms: 1 } : mostlyGood(n)),
  });
  await world.settled(harmLimitMs);
  const harmed = world.countHarms();
  world.heal();
  return harmed <= mostEnds ? none : [`one task ended ${harmed} workers; ${mostEnds} are enough`];
}

export const poisonExit: Scenario = {
  name: 'poison-exit',
  faults: 'a handler that ends its process, each time',
  maxDuplicateShare: 0.2,
  run: (world) => runHarm(world, 'exit', 'dead'),
};

export const poisonBlock: Scenario = {
  name: 'poison-block',
  faults: 'a handler that blocks the event loop past the session, each time',
  maxDuplicateShare: 0.2,
  blockMs: 9_000,
  // It ends well where its worker was not given up for once: the block is a little longer than the session.
  run: (world) => runHarm(world, 'block', 'any'),
};
