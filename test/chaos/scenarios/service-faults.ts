import { avroSchema } from '../../../schemas/avro-schema.ts';
import { createCodec } from '../../../schemas/codec.ts';
import type { Harmable } from '../world/services.ts';
import type { World } from '../world/world.ts';
import { mostlyGood, type Scenario, times, underLoad } from './scenario.ts';

const workers = 3;
const perSecond = 400;
const none: readonly string[] = [];

/** Workers lose their membership only where the broker is away. */
async function down(world: World, service: Harmable, kind: 'restart' | 'kill -9', forMs: number): Promise<void> {
  const breaksMembers = service.name === 'kafka';
  await world.faults.during({ kind, target: service.name, breaksMembers }, async () => {
    await (kind === 'kill -9' ? service.kill() : service.stop());
    await world.sleep(forMs);
    await service.start();
  });
}

async function frozen(world: World, service: Harmable, forMs: number): Promise<void> {
  const breaksMembers = service.name === 'kafka';
  await world.faults.during({ kind: 'SIGSTOP', target: service.name, breaksMembers }, () => service.freeze(forMs));
}

export const brokerRestart: Scenario = {
  name: 'broker-restart',
  faults: 'broker restarted in good order',
  maxDuplicateShare: 0.05,
  async run(world, scale) {
    await world.workers.startAll(workers);
    await underLoad(world, perSecond, mostlyGood, () =>
      times(scale === 'full' ? 3 : 1, async () => {
        await world.progress(800);
        await down(world, world.services.kafka, 'restart', world.random.between(0, 8_000));
        await world.progress(800);
      }),
    );
    return none;
  },
};

export const brokerKill: Scenario = {
  name: 'broker-kill',
  faults: 'broker kill -9',
  maxDuplicateShare: 0.05,
  async run(world, scale) {
    await world.workers.startAll(workers);
    await underLoad(world, perSecond, mostlyGood, () =>
      times(scale === 'full' ? 3 : 1, async () => {
        await world.progress(800);
        await down(world, world.services.kafka, 'kill -9', world.random.between(0, 8_000));
        await world.progress(800);
      }),
    );
    return none;
  },
};

export const brokerFreeze: Scenario = {
  name: 'broker-freeze',
  faults: 'broker SIGSTOP, then SIGCONT',
  maxDuplicateShare: 0.05,
  async run(world, scale) {
    await world.workers.startAll(workers);
    await underLoad(world, perSecond, mostlyGood, async () => {
      await world.progress(800);
      await frozen(world, world.services.kafka, scale === 'full' ? 60_000 : 15_000);
      await world.progress(800);
    });
    return none;
  },
};

export const clickHouseDown: Scenario = {
  name: 'clickhouse-down',
  faults: 'ClickHouse down, then kill -9 of it and of the sink mid-insert',
  maxDuplicateShare: 0,
  async run(world, scale) {
    await world.workers.startAll(workers);
    await underLoad(world, perSecond, mostlyGood, async () => {
      await world.progress(800);
      await down(world, world.services.clickhouse, 'restart', scale === 'full' ? 60_000 : 10_000);
      await times(scale === 'full' ? 3 : 1, async () => {
        await world.progress(400);
        await down(world, world.services.clickhouse, 'kill -9', 500);
        await world.progress(400);
        world.killSink();
      });
    });
    return none;
  },
};

const newerSchema = avroSchema({
  type: 'record',
  name: 'Chaos',
  namespace: 'test.chaos',
  fields: [
    { name: 'n', type: 'long' },
    { name: 'plan', type: 'string' },
    { name: 'ms', type: 'int' },
    { name: 'note', type: 'string', default: '' },
  ],
});

/** Framing of a schema id that no registry here gave. */
const unknownId = Buffer.from([0, 0x7f, 0xff, 0xff, 0xf0, 2, 2, 2]);

export const registryDown: Scenario = {
  name: 'registry-down',
  faults: 'registry down: cached ids go on, an unknown id waits, a 404 id is a dead letter',
  maxDuplicateShare: 0,
  async run(world, scale) {
    await world.workers.startAll(workers);
    const codec = createCodec({ registryUrl: world.services.registryUrl });
    const subject = `${world.settings.name}.newer-value`;
    await codec.register(subject, newerSchema);
    const newer = (n: number) => codec.encode(newerSchema, subject, { n, plan: 'ok', ms: 1, note: 'new' });
    let isDown = false;
    const wish = (n: number) => {
      if (isDown && n % 50 === 10) return { due: 'ok' as const, plan: 'ok' as const, ms: 1, value: newer(n) };
      if (isDown && n % 50 === 20) return { due: 'dead' as const, plan: 'ok' as const, ms: 1, value: unknownId };
      return mostlyGood(n);
    };
    await underLoad(world, perSecond, wish, async () => {
      await world.progress(800);
      isDown = true;
      await down(world, world.services.registry, 'kill -9', scale === 'full' ? 30_000 : 8_000);
      await world.progress(400);
    });
    return none;
  },
};

export { down, frozen };
