import { describe, expect, it } from 'vitest';
import type { Broker, GroupConsumer, InboundRecord } from '../../topics/ports.ts';
import { commitOf, numbersOf, Recorder, startRecording } from './recorder.ts';
import { numbered, TestBroker, unique } from './test-broker.ts';

const valuesTo = (count: number, prefix = 'v'): string[] => Array.from({ length: count }, (_, i) => `${prefix}${i}`);

export function consumerContract(connect: () => Broker): void {
  const open = (): TestBroker => new TestBroker(connect());

  describe('consumer alone', () => {
    it('is told its partitions before any record, and reads each from the beginning in order', async () => {
      const broker = open();
      const topic = await broker.topic(3);
      const producer = await broker.producer();
      await producer.send([0, 1, 2].flatMap((partition) => numbered(topic, partition, 700)));
      const recorder = await startRecording(broker.consumer({ groupId: unique('group'), topics: [topic] }));
      expect(recorder.calls[0]).toBe('assigned');
      expect(recorder.owned).toHaveLength(3);
      for (const one of recorder.owned) expect(one).toMatchObject({ topic, committed: null, kept: false });
      await recorder.until(({ seen }) => seen.length === 2100);
      for (const partition of [0, 1, 2]) expect(recorder.valuesOf(partition)).toEqual(valuesTo(700));
      const batch = recorder.batches.at(-1);
      expect(batch?.highWatermark).toBe(700);
      await producer.send(numbered(topic, 1, 1, 'later'));
      await recorder.until((now) => now.valuesOf(1).at(-1) === 'later0');
    });

    it('gives the next member the committed offset with its metadata, and reads from there', async () => {
      const broker = open();
      const topic = await broker.topic(2);
      const groupId = unique('group');
      await (await broker.producer()).send([...numbered(topic, 0, 10), ...numbered(topic, 1, 10)]);
      const first = broker.consumer({ groupId, topics: [topic] });
      const before = await startRecording(first);
      await before.until(({ seen }) => seen.length === 20);
      await first.commit([commitOf(topic, 0, 4, 'finished: 5,7 ✓')]);
      await first.stop();
      const after = await startRecording(broker.consumer({ groupId, topics: [topic] }));
      const committed = new Map(after.owned.map((one) => [one.partition, one.committed]));
      expect(committed.get(0)).toEqual({ offset: 4, metadata: 'finished: 5,7 ✓' });
      expect(committed.get(1)).toBeNull();
      await after.until(({ seen }) => seen.length === 16);
      expect(after.valuesOf(0)).toEqual(valuesTo(10).slice(4));
      expect(after.valuesOf(1)).toEqual(valuesTo(10));
    });

    it('begins at the end where it is told so, and across rebalances misses nothing after it', async () => {
      const broker = open();
      const topic = await broker.topic(2);
      const groupId = unique('group');
      const producer = await broker.producer();
      const send = (round: string) =>
        producer.send([0, 1].flatMap((partition) => numbered(topic, partition, 3, round)));
      await send('old');
      const recorder = await startRecording(broker.consumer({ groupId, topics: [topic], begin: 'latest' }));
      await send('a');
      await recorder.until(({ seen }) => seen.length === 6);
      const other = broker.consumer({ groupId, topics: [topic], begin: 'latest' });
      await startRecording(other);
      await recorder.until(({ owned }) => owned.length === 1);
      await send('b');
      await other.stop();
      await recorder.until((now) => [0, 1].every((partition) => now.valuesOf(partition).includes('b2')));
      for (const partition of [0, 1]) {
        expect([...new Set(recorder.valuesOf(partition))]).toEqual([...valuesTo(3, 'a'), ...valuesTo(3, 'b')]);
      }
    });

    it('begins at the beginning where it is told so, whatever the group has committed', async () => {
      const broker = open();
      const topic = await broker.topic(1);
      const groupId = unique('group');
      await (await broker.producer()).send(numbered(topic, 0, 5));
      const before = broker.consumer({ groupId, topics: [topic] });
      await (await startRecording(before)).until(({ seen }) => seen.length === 5);
      await before.commit([commitOf(topic, 0, 5)]);
      await before.stop();
      const recorder = await startRecording(broker.consumer({ groupId, topics: [topic], begin: 'earliest' }));
      await recorder.until(({ seen }) => seen.length === 5);
      expect(recorder.valuesOf(0)).toEqual(valuesTo(5));
    });

    it('begins at the places that it is told, and elsewhere at the end', async () => {
      const broker = open();
      const topic = await broker.topic(2);
      const producer = await broker.producer();
      await producer.send([0, 1].flatMap((partition) => numbered(topic, partition, 5)));
      const from = [{ topic, partition: 0, offset: 3 }];
      const options = { groupId: unique('group'), topics: [topic], begin: 'latest' as const, from };
      const recorder = await startRecording(broker.consumer(options));
      await producer.send([0, 1].flatMap((partition) => numbered(topic, partition, 1, 'new')));
      await recorder.until(({ seen }) => seen.length === 4);
      expect(recorder.valuesOf(0)).toEqual([...valuesTo(5).slice(3), ...valuesTo(1, 'new')]);
      expect(recorder.valuesOf(1)).toEqual(valuesTo(1, 'new'));
    });

    it('does not move its reading position by a commit (hazard 13)', async () => {
      const broker = open();
      const topic = await broker.topic(1);
      const producer = await broker.producer();
      await producer.send(numbered(topic, 0, 5));
      const consumer = broker.consumer({ groupId: unique('group'), topics: [topic] });
      const recorder = await startRecording(consumer);
      await recorder.until(({ seen }) => seen.length === 5);
      await consumer.commit([commitOf(topic, 0, 1)]);
      await producer.send(numbered(topic, 0, 1, 'next'));
      await recorder.until((now) => now.valuesOf(0).includes('next0'));
      expect(recorder.valuesOf(0)).toEqual([...valuesTo(5), 'next0']);
    });

    it('hands nothing over from a paused partition until it is resumed, and misses nothing', async () => {
      const broker = open();
      const topic = await broker.topic(2);
      const producer = await broker.producer();
      const consumer = broker.consumer({ groupId: unique('group'), topics: [topic] });
      const recorder = await startRecording(consumer);
      consumer.pause([{ topic, partition: 0 }]);
      await producer.send(numbered(topic, 0, 50));
      // Three rounds over the other partition: time enough for several fetches.
      for (const round of ['a', 'b', 'c']) {
        await producer.send(numbered(topic, 1, 1, round));
        await recorder.until((now) => now.valuesOf(1).includes(`${round}0`));
      }
      expect(recorder.valuesOf(0)).toEqual([]);
      consumer.resume([{ topic, partition: 0 }]);
      await recorder.until((now) => now.valuesOf(0).length === 50);
      expect(recorder.valuesOf(0)).toEqual(valuesTo(50));
    });

    it('stops at the batch in which a listener pauses, and goes on behind it', async () => {
      const broker = open();
      const topic = await broker.topic(1);
      await (await broker.producer()).send(numbered(topic, 0, 5000));
      const consumer = broker.consumer({ groupId: unique('group'), topics: [topic], maxBytesPerPartition: 10_000 });
      const recorder = new Recorder();
      recorder.onRecords = () => {
        consumer.pause([{ topic, partition: 0 }]);
        setImmediate(() => consumer.resume([{ topic, partition: 0 }]));
      };
      await consumer.start(recorder);
      await recorder.until(({ seen }) => seen.length >= 5000);
      expect(recorder.valuesOf(0)).toEqual(valuesTo(5000));
      expect(recorder.batches.length).toBeGreaterThan(1);
    });

    it('keeps the bytes of a record good while later ones arrive (hazard 9)', async () => {
      const broker = open();
      const topic = await broker.topic(1);
      const producer = await broker.producer();
      const recorder = await startRecording(broker.consumer({ groupId: unique('group'), topics: [topic] }));
      await producer.send(numbered(topic, 0, 1, 'held'));
      await recorder.until(({ seen }) => seen.length === 1);
      const held: InboundRecord | undefined = recorder.seen[0]?.record;
      for (let round = 0; round < 20; round += 1) await producer.send(numbered(topic, 0, 200, `later${round}-`));
      await recorder.until(({ seen }) => seen.length === 4001);
      expect(held?.value?.toString()).toBe('held0');
    });

    it('refuses to start on a topic that does not exist', async () => {
      const consumer = open().consumer({ groupId: unique('group'), topics: [unique('missing')] });
      await expect(consumer.start(new Recorder())).rejects.toMatchObject({ code: 'PIPE_TOPIC_UNKNOWN' });
    });

    it('turns what a listener throws into failed(), once', async () => {
      const broker = open();
      const topic = await broker.topic(1);
      await (await broker.producer()).send(numbered(topic, 0, 10));
      const recorder = new Recorder();
      recorder.onRecords = () => {
        throw new TypeError('a bug in a listener');
      };
      await broker.consumer({ groupId: unique('group'), topics: [topic] }).start(recorder);
      await recorder.until(({ failure }) => failure !== undefined);
      expect(recorder.failure).toMatchObject({ code: 'PIPE_CONSUMER_CRASHED' });
      expect(recorder.failure?.message).toContain('a bug in a listener');
      expect(recorder.calls.filter((call) => call === 'failed')).toHaveLength(1);
    });

    it('leaves the group before stop() resolves, and refuses commits afterwards', async () => {
      const broker = open();
      const topic = await broker.topic(1);
      const groupId = unique('group');
      const consumer: GroupConsumer = broker.consumer({ groupId, topics: [topic] });
      await startRecording(consumer);
      const admin = await broker.admin();
      expect(await admin.groupMembers(groupId)).toHaveLength(1);
      await consumer.stop();
      expect(await admin.groupMembers(groupId)).toHaveLength(0);
      await expect(consumer.commit([commitOf(topic, 0, 0)])).rejects.toMatchObject({ code: 'PIPE_COMMIT_FENCED' });
      await consumer.stop();
    });
  });

  describe('consumers together', () => {
    it('shares partitions out, says which were kept, and counts a commit made in rebalancing()', async () => {
      const broker = open();
      const topic = await broker.topic(4);
      const groupId = unique('group');
      await (await broker.producer()).send([0, 1, 2, 3].flatMap((partition) => numbered(topic, partition, 5)));
      const one = broker.consumer({ groupId, topics: [topic] });
      const first = await startRecording(one);
      await first.until(({ seen }) => seen.length === 20);
      const commits: Promise<void>[] = [];
      first.onRebalancing = () => {
        commits.push(one.commit([0, 1, 2, 3].map((partition) => commitOf(topic, partition, 3, `m${partition}`))));
      };
      const second = await startRecording(broker.consumer({ groupId, topics: [topic] }));
      await first.until(({ owned }) => owned.length === 2);
      await second.until(({ owned }) => owned.length === 2);
      await Promise.all(commits);
      const calls = first.calls.filter((call) => call !== 'records');
      expect(calls.slice(0, 3)).toEqual(['assigned', 'rebalancing', 'assigned']);
      expect([...numbersOf(first.owned), ...numbersOf(second.owned)].sort()).toEqual([0, 1, 2, 3]);
      expect(first.owned.map(({ kept }) => kept)).toEqual([true, true]);
      expect(second.owned.map(({ kept }) => kept)).toEqual([false, false]);
      for (const { partition, committed } of [...first.owned, ...second.owned]) {
        expect(committed).toEqual({ offset: 3, metadata: `m${partition}` });
      }
      await second.until(({ seen }) => seen.length === 4);
      for (const { partition } of second.owned) expect(second.valuesOf(partition)).toEqual(['v3', 'v4']);
    });

    it('delivers again what was not committed, on kept partitions too (hazards 2 and 7)', async () => {
      const broker = open();
      const topic = await broker.topic(2);
      const groupId = unique('group');
      await (await broker.producer()).send([...numbered(topic, 0, 3), ...numbered(topic, 1, 3)]);
      const first = await startRecording(broker.consumer({ groupId, topics: [topic] }));
      await first.until(({ seen }) => seen.length === 6);
      const second = await startRecording(broker.consumer({ groupId, topics: [topic] }));
      await first.until(({ owned, seen }) => owned.length === 1 && seen.length === 9);
      await second.until(({ seen }) => seen.length === 3);
      const [mine, theirs] = [first.owned[0]?.partition ?? -1, second.owned[0]?.partition ?? -1];
      expect(first.valuesOf(mine)).toEqual([...valuesTo(3), ...valuesTo(3)]);
      expect(second.valuesOf(theirs)).toEqual(valuesTo(3));
    });

    it('reads a partition that was paused, lost and regained (hazard 3)', async () => {
      const broker = open();
      const topic = await broker.topic(2);
      const groupId = unique('group');
      const one = broker.consumer({ groupId, topics: [topic] });
      const first = await startRecording(one);
      one.pause([
        { topic, partition: 0 },
        { topic, partition: 1 },
      ]);
      const other = broker.consumer({ groupId, topics: [topic] });
      await startRecording(other);
      await first.until(({ owned }) => owned.length === 1);
      await other.stop();
      await first.until(({ owned }) => owned.length === 2);
      expect(numbersOf(first.owned)).toEqual([0, 1]);
      expect(first.owned.filter(({ kept }) => kept)).toHaveLength(1);
      await (await broker.producer()).send([...numbered(topic, 0, 1), ...numbered(topic, 1, 1)]);
      await first.until((now) => now.valuesOf(0).length === 1 && now.valuesOf(1).length === 1);
    });

    it('refuses a commit for a partition that has moved (hazard 4)', async () => {
      const broker = open();
      const topic = await broker.topic(2);
      const groupId = unique('group');
      await (await broker.producer()).send([...numbered(topic, 0, 9), ...numbered(topic, 1, 9)]);
      const one = broker.consumer({ groupId, topics: [topic] });
      const first = await startRecording(one);
      await first.until(({ seen }) => seen.length === 18);
      const two = broker.consumer({ groupId, topics: [topic] });
      const second = await startRecording(two);
      await first.until(({ owned }) => owned.length === 1);
      const moved = second.owned[0]?.partition ?? -1;
      const stayed = first.owned[0]?.partition ?? -1;
      await expect(one.commit([commitOf(topic, moved, 9)])).rejects.toMatchObject({ code: 'PIPE_COMMIT_FENCED' });
      await one.commit([commitOf(topic, stayed, 7)]);
      await two.commit([commitOf(topic, moved, 5)]);
      const offsets = await (await broker.admin()).groupOffsets(groupId, topic);
      const byPartition = new Map(offsets.map((each) => [each.partition, each.committed?.offset]));
      expect([byPartition.get(moved), byPartition.get(stayed)]).toEqual([5, 7]);
    });

    it('leaves a member without partitions when there are none for it', async () => {
      const broker = open();
      const topic = await broker.topic(1);
      const groupId = unique('group');
      const one = broker.consumer({ groupId, topics: [topic] });
      const first = await startRecording(one);
      const second = await startRecording(broker.consumer({ groupId, topics: [topic] }));
      await first.until(({ assignments }) => assignments.length >= 2);
      expect([...first.owned, ...second.owned]).toHaveLength(1);
      await one.stop();
      await second.until(({ owned }) => owned.length === 1);
      await (await broker.producer()).send(numbered(topic, 0, 2));
      await second.until(({ seen }) => seen.length === 2);
    });

    it('hands partitions that are added to a topic to its group', async () => {
      const broker = open();
      const topic = await broker.topic(1);
      const other = await broker.topic(1);
      const groupId = unique('group');
      const one = broker.consumer({ groupId, topics: [topic, other] });
      const first = await startRecording(one);
      await (await broker.admin()).growPartitions(topic, 3);
      const second = await startRecording(broker.consumer({ groupId, topics: [topic, other] }));
      await first.until(({ assignments }) => assignments.length > 1);
      const all = (): boolean => first.owned.length + second.owned.length === 4;
      await Promise.race([first.until(all), second.until(all)]);
    });
  });
}
