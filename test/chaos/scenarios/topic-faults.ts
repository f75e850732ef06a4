import { Kafka } from 'kafkajs';
import { topicsOf } from '../../../topics/catalogue.ts';
import { provisionTopics } from '../../../topics/provision.ts';
import { chaosPipeline } from '../worker/chaos-pipeline.ts';
import type { TaskWish } from '../world/submitter.ts';
import type { World } from '../world/world.ts';
import { mostlyGood, type Scenario } from './scenario.ts';

const workers = 2;
const perSecond = 400;
const none: readonly string[] = [];

/** Away before anything was written to it: what a deleted topic held is gone with it. */
async function deleteTopics(world: World, topics: readonly string[]): Promise<void> {
  const admin = new Kafka({ brokers: [...world.services.brokers], logLevel: 0 }).admin();
  await admin.connect();
  await admin.deleteTopics({ topics: [...topics] });
  await admin.disconnect();
}

/**
 * `read`: workers read it too, so they lose it, and with it the group: they take no partition for sure until tasks end
 * again after the topic is back.
 */
async function away(
  world: World,
  { topics, read }: { topics: readonly string[]; read: boolean },
  act: () => Promise<void>,
): Promise<void> {
  const target = read ? 'kafka' : (topics[0] ?? '');
  await world.faults.during({ kind: 'topic deleted', target, breaksMembers: read }, async () => {
    await deleteTopics(world, topics);
    await act();
    await provisionTopics(world.admin, topicsOf([chaosPipeline(world.settings, null)]));
    if (read) await world.progress(200);
  });
}

export const deadLettersAway: Scenario = {
  name: 'dead-letters-away',
  faults: 'dead letter topic deleted, made again later',
  maxDuplicateShare: 0,
  async run(world, scale) {
    await world.workers.startAll(workers);
    await away(world, { topics: world.deadLetterTopics, read: false }, async () => {
      await world.client.submit({ count: scale === 'full' ? 12_000 : 3_000, perSecond, wish: mostlyGood });
    });
    return none;
  },
};

const needsDelay = (n: number): TaskWish => (n % 50 === 10 ? { due: 'ok', plan: 'flaky-5', ms: 2 } : mostlyGood(n));

export const delayedRetries: Scenario = {
  name: 'delayed-retries',
  faults: 'kill -9 and SIGTERM while tasks wait in a retry topic',
  maxDuplicateShare: 0.05,
  delayed: ['1s', '3s'],
  async run(world, scale) {
    await world.workers.startAll(workers);
    const submitting = world.client.submit({ count: scale === 'full' ? 12_000 : 4_000, perSecond, wish: needsDelay });
    for (let index = 0; index < (scale === 'full' ? 6 : 2); index++) {
      await world.progress(600);
      const slot = world.random.between(0, workers - 1);
      await (index % 2 === 0 ? world.workers.kill(slot) : world.workers.terminate(slot));
      await world.workers.start(slot);
    }
    await submitting;
    return none;
  },
};

export const retriesRefused: Scenario = {
  name: 'retries-refused',
  faults: 'retry topic refuses every record for a while',
  maxDuplicateShare: 0,
  delayed: ['1s'],
  async run(world, scale) {
    await world.workers.startAll(workers);
    const [topic = ''] = world.retryTopics;
    const wish = (n: number): TaskWish => ({ ...needsDelay(n), ...(n % 50 === 10 ? { due: 'any' as const } : {}) });
    await world.faults.during({ kind: 'refuses', target: topic, breaksMembers: false }, async () => {
      await world.admin.alterTopicConfig(topic, { 'max.message.bytes': '1' });
      await world.client.submit({ count: scale === 'full' ? 8_000 : 2_000, perSecond, wish });
      await world.admin.alterTopicConfig(topic, { 'max.message.bytes': '2097176' });
    });
    await world.client.submit({ count: 1_000, perSecond, wish: needsDelay });
    return none;
  },
};

export const retriesAway: Scenario = {
  name: 'retries-away',
  faults: 'retry topic deleted, made again later',
  maxDuplicateShare: 0.05,
  delayed: ['1s'],
  async run(world, scale) {
    await world.workers.startAll(workers);
    await away(world, { topics: world.retryTopics, read: true }, async () => {
      await world.client.submit({ count: scale === 'full' ? 8_000 : 3_000, perSecond, wish: needsDelay });
    });
    return none;
  },
};
