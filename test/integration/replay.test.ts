import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { moveGroup } from '../../cli/replay/replay.ts';
import type { Target } from '../../gateway/catalogue.ts';
import { downloadTaskSchema } from '../../schemas/generated/download-task.ts';
import { connectKafka } from '../../topics/client.ts';
import type { Admin, GroupConsumer } from '../../topics/ports.ts';
import { makeTempDir } from '../helpers/temp-dir.ts';
import { until } from '../helpers/until.ts';

const stack = inject('stack');
const broker = connectKafka({ brokers: stack.brokers.split(','), clientId: 'replay-test' });
const recordsPerPartition = 10;

interface Fixture {
  readonly admin: Admin;
  readonly target: Target;
  readonly group: string;
  /** When the second half of the records was written, epoch ms. */
  readonly halfTime: number;
}

/** A topic of two partitions with ten records each, read up to six by the group. */
async function openFixture(): Promise<Fixture> {
  const pipeline = `replay-${randomUUID().slice(0, 8)}`;
  const topic = `${pipeline}.work`;
  const admin = await broker.admin();
  onTestFinished(() => admin.close());
  await admin.createTopics([{ name: topic, partitions: 2, config: {} }]);
  const producer = await broker.producer();
  onTestFinished(() => producer.close());
  const half = (from: number) =>
    [0, 1].flatMap((partition) =>
      Array.from({ length: recordsPerPartition / 2 }, (_, index) => ({
        topic,
        partition,
        key: null,
        value: Buffer.from(JSON.stringify({ url: `https://files.example/${from + index}` })),
      })),
    );
  await producer.send(half(0));
  await delay(20);
  const halfTime = Date.now();
  await producer.send(half(recordsPerPartition / 2));
  await admin.setGroupOffsets(
    topic,
    topic,
    [0, 1].map((partition) => ({ partition, offset: 6 })),
  );
  const target = { pipeline, stage: 'work', topic, subject: `${topic}-value`, schema: downloadTaskSchema };
  return { admin, target, group: topic, halfTime };
}

async function committed({ admin, group }: Fixture): Promise<(number | undefined)[]> {
  const offsets = await admin.groupOffsets(group, group);
  return [0, 1].map((partition) => offsets.find((one) => one.partition === partition)?.committed?.offset);
}

/** Joins the group; resolves with what it read once it holds partitions. */
async function joinGroup(group: string): Promise<{ consumer: GroupConsumer; offsets: number[] }> {
  const offsets: number[] = [];
  const consumer = broker.consumer({ groupId: group, topics: [group] });
  await consumer.start({
    assigned() {},
    rebalancing() {},
    records: ({ records }) => offsets.push(...records.map(({ offset }) => offset)),
    failed() {},
  });
  onTestFinished(() => consumer.stop());
  return { consumer, offsets };
}

describe('replay by offsets', () => {
  it('moves every partition, and the group reads from there', async () => {
    const fixture = await openFixture();
    const moves = await moveGroup(fixture.admin, fixture.target, { kind: 'earliest' }, {});
    expect(moves).toMatchObject([
      { partition: 0, current: 6, next: 0, toRun: 10, again: 6 },
      { partition: 1, current: 6, next: 0, toRun: 10, again: 6 },
    ]);
    expect(await committed(fixture)).toEqual([0, 0]);
    const { offsets } = await joinGroup(fixture.group);
    const all = await until('every record again', () => (offsets.length >= 20 ? offsets : undefined));
    expect(all.filter((offset) => offset === 0)).toHaveLength(2);
  });

  it('changes nothing on a dry run', async () => {
    const fixture = await openFixture();
    const moves = await moveGroup(fixture.admin, fixture.target, { kind: 'latest' }, { dryRun: true });
    expect(moves).toMatchObject([
      { next: 10, skipped: 4 },
      { next: 10, skipped: 4 },
    ]);
    expect(await committed(fixture)).toEqual([6, 6]);
  });

  it('moves one partition alone', async () => {
    const fixture = await openFixture();
    await moveGroup(fixture.admin, fixture.target, { kind: 'offset', offset: 2 }, { partition: 1 });
    expect(await committed(fixture)).toEqual([6, 2]);
  });

  it('finds the place of a time', async () => {
    const fixture = await openFixture();
    const moves = await moveGroup(fixture.admin, fixture.target, { kind: 'time', ms: fixture.halfTime }, {});
    expect(moves).toMatchObject([{ next: 5 }, { next: 5 }]);
    const later = await moveGroup(fixture.admin, fixture.target, { kind: 'time', ms: Date.now() + 60_000 }, {});
    expect(later).toMatchObject([{ next: 10 }, { next: 10 }]);
  });

  it('keeps an offset beyond the end at the end', async () => {
    const fixture = await openFixture();
    await moveGroup(fixture.admin, fixture.target, { kind: 'offset', offset: 5_000 }, {});
    expect(await committed(fixture)).toEqual([10, 10]);
  });

  it('refuses while a worker runs, says what to do, and moves nothing', async () => {
    const fixture = await openFixture();
    const { consumer } = await joinGroup(fixture.group);
    await expect(moveGroup(fixture.admin, fixture.target, { kind: 'earliest' }, {})).rejects.toMatchObject({
      code: 'PIPE_GROUP_RUNNING',
      message: expect.stringContaining('stop it'),
    });
    expect(await committed(fixture)).toEqual([6, 6]);
    await consumer.stop();
    await moveGroup(fixture.admin, fixture.target, { kind: 'earliest' }, {});
    expect(await committed(fixture)).toEqual([0, 0]);
  });

  it('refuses a partition and a topic that do not exist', async () => {
    const fixture = await openFixture();
    await expect(
      moveGroup(fixture.admin, fixture.target, { kind: 'earliest' }, { partition: 9 }),
    ).rejects.toMatchObject({
      code: 'PIPE_CLI_REPLAY_INVALID',
    });
    const target = { ...fixture.target, topic: `${fixture.target.topic}-none` };
    await expect(moveGroup(fixture.admin, target, { kind: 'earliest' }, {})).rejects.toMatchObject({
      code: 'PIPE_TOPIC_UNKNOWN',
    });
  });

  it('is a command: a table, or JSON', async () => {
    const fixture = await openFixture();
    const module = join(makeTempDir(), 'pipeline.ts');
    const source = (path: string) => new URL(`../../${path}`, import.meta.url).href;
    writeFileSync(
      module,
      `import { definePipeline } from '${source('processors/pipeline.ts')}';
       import { defineStage } from '${source('processors/stage.ts')}';
       import { downloadTaskSchema } from '${source('schemas/generated/download-task.ts')}';
       const work = defineStage({ name: 'work', input: downloadTaskSchema, process: () => undefined });
       export const pipeline = definePipeline({ name: '${fixture.target.pipeline}', stages: [work] });\n`,
    );
    const main = new URL('../../cli/main.ts', import.meta.url).pathname;
    const args = ['--import', 'tsx', main, 'replay', fixture.group, '--from', 'earliest', '--module', module, '--json'];
    const { stdout } = await promisify(execFile)(process.execPath, args, {
      env: { ...process.env, PENSTOCK_BROKERS: stack.brokers },
    });
    expect(JSON.parse(stdout)).toMatchObject({
      group: fixture.group,
      dryRun: false,
      moves: [{ next: 0 }, { next: 0 }],
    });
    expect(await committed(fixture)).toEqual([0, 0]);
  });
});
