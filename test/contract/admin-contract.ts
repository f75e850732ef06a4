import { describe, expect, it } from 'vitest';
import type { Broker } from '../../topics/ports.ts';
import { provisionTopics } from '../../topics/provision.ts';
import { commitOf, startRecording } from './recorder.ts';
import { numbered, TestBroker, unique } from './test-broker.ts';

export function adminContract(connect: () => Broker): void {
  const open = (): TestBroker => new TestBroker(connect());

  describe('admin', () => {
    it('creates topics, describes those that exist, and leaves one alone that is there already', async () => {
      const admin = await open().admin();
      const name = unique('topic');
      const spec = { name, partitions: 3, config: { 'retention.ms': '86400000' } };
      await admin.createTopics([spec]);
      await admin.createTopics([{ ...spec, partitions: 9 }]);
      const described = await admin.describeTopics([name, unique('missing')]);
      expect(described).toHaveLength(1);
      expect(described[0]).toMatchObject({ name, partitions: 3, replicationFactor: 1 });
      expect(described[0]?.config['retention.ms']).toBe('86400000');
      expect(await admin.listTopics()).toContain(name);
    });

    it('grows partitions and alters single settings without touching the others', async () => {
      const broker = open();
      const admin = await broker.admin();
      const topic = await broker.topic(2, { 'retention.ms': '86400000', 'cleanup.policy': 'delete' });
      await admin.growPartitions(topic, 5);
      await admin.alterTopicConfig(topic, { 'max.message.bytes': '5000' });
      const [state] = await admin.describeTopics([topic]);
      expect(state?.partitions).toBe(5);
      expect(state?.config).toMatchObject({ 'retention.ms': '86400000', 'max.message.bytes': '5000' });
      await expect(admin.growPartitions(topic, 3)).rejects.toMatchObject({ code: 'PIPE_CONFIG_INVALID' });
      await expect(admin.alterTopicConfig(unique('missing'), {})).rejects.toMatchObject({ code: 'PIPE_TOPIC_UNKNOWN' });
    });

    it('provisions: creates, grows, alters, reports what it will not shrink, and has nothing to do the second time', async () => {
      const broker = open();
      const admin = await broker.admin();
      const [small, large] = [await broker.topic(1, { 'retention.ms': '1000' }), await broker.topic(8)];
      const fresh = unique('topic');
      const specs = [small, large, fresh].map((name) => ({ name, partitions: 4, config: { 'retention.ms': '90000' } }));
      const report = await provisionTopics(admin, specs);
      expect(report.steps.map(({ kind, topic }) => [kind, topic])).toEqual([
        ['grow', small],
        ['alter', small],
        ['alter', large],
        ['create', fresh],
      ]);
      expect(report.drift).toEqual([{ topic: large, partitions: 8, wanted: 4 }]);
      const again = await provisionTopics(admin, specs);
      expect(again.steps).toEqual([]);
      expect(again.unchanged).toEqual([small, large, fresh]);
      const states = await admin.describeTopics([small, large, fresh]);
      expect(states.map(({ partitions }) => partitions).sort()).toEqual([4, 4, 8]);
    });

    it('tells offsets as numbers: first, next, and by time', async () => {
      const broker = open();
      const admin = await broker.admin();
      const topic = await broker.topic(2);
      const times = [1000, 2000, 3000].map((ms) => 1_700_000_000_000 + ms);
      const records = times.map((timestampMs) => ({ topic, partition: 0, key: null, value: null, timestampMs }));
      await (await broker.producer()).send(records);
      expect(await admin.offsets(topic)).toEqual([
        { partition: 0, earliest: 0, latest: 3 },
        { partition: 1, earliest: 0, latest: 0 },
      ]);
      expect(await admin.offsetsAt(topic, 1_700_000_001_500)).toEqual([
        { partition: 0, offset: 1 },
        { partition: 1, offset: 0 },
      ]);
      expect((await admin.offsetsAt(topic, 1_700_000_009_000))[0]?.offset).toBe(3);
      expect((await admin.offsetsAt(topic, 0))[0]?.offset).toBe(0);
      await expect(admin.offsets(unique('missing'))).rejects.toMatchObject({ code: 'PIPE_TOPIC_UNKNOWN' });
    });

    it('moves the offsets of a group, but not while it has members', async () => {
      const broker = open();
      const admin = await broker.admin();
      const topic = await broker.topic(2);
      const groupId = unique('group');
      expect(await admin.groupOffsets(groupId, topic)).toEqual([
        { partition: 0, committed: null },
        { partition: 1, committed: null },
      ]);
      await (await broker.producer()).send(numbered(topic, 0, 10));
      const consumer = broker.consumer({ groupId, topics: [topic] });
      const recorder = await startRecording(consumer);
      await recorder.until(({ seen }) => seen.length === 10);
      await consumer.commit([commitOf(topic, 0, 10, 'meta')]);
      expect((await admin.groupOffsets(groupId, topic))[0]?.committed).toEqual({ offset: 10, metadata: 'meta' });
      expect(
        await admin.groupPlaces([{ groupId, partitions: [0, 1].map((partition) => ({ topic, partition })) }]),
      ).toEqual([
        { groupId, topic, partition: 0, earliest: 0, latest: 10, committed: 10 },
        { groupId, topic, partition: 1, earliest: 0, latest: 0, committed: null },
      ]);
      const missing = { topic: unique('missing'), partition: 0 };
      await expect(admin.groupPlaces([{ groupId, partitions: [missing] }])).rejects.toMatchObject({
        code: 'PIPE_TOPIC_UNKNOWN',
      });
      expect(await admin.groupMembers(groupId)).toHaveLength(1);
      const move = (): Promise<void> => admin.setGroupOffsets(groupId, topic, [{ partition: 0, offset: 6 }]);
      await expect(move()).rejects.toMatchObject({ code: 'PIPE_GROUP_RUNNING' });
      expect((await admin.groupOffsets(groupId, topic))[0]?.committed?.offset).toBe(10);
      await consumer.stop();
      await move();
      expect(await admin.groupOffsets(groupId, topic)).toEqual([
        { partition: 0, committed: { offset: 6, metadata: '' } },
        { partition: 1, committed: null },
      ]);
      const again = await startRecording(broker.consumer({ groupId, topics: [topic] }));
      await again.until((now) => now.valuesOf(0).includes('v9'));
      expect(again.valuesOf(0)).toEqual(['v6', 'v7', 'v8', 'v9']);
    });

    it('sets offsets of a group that was never there', async () => {
      const broker = open();
      const admin = await broker.admin();
      const topic = await broker.topic(1);
      await (await broker.producer()).send(numbered(topic, 0, 5));
      const groupId = unique('group');
      await admin.setGroupOffsets(groupId, topic, [{ partition: 0, offset: 3 }]);
      const recorder = await startRecording(broker.consumer({ groupId, topics: [topic] }));
      expect(recorder.owned[0]?.committed).toEqual({ offset: 3, metadata: '' });
      await recorder.until(({ seen }) => seen.length === 2);
    });

    it('takes a commit past the end of a topic for one of an earlier topic of that name', async () => {
      const broker = open();
      const topic = await broker.topic(1);
      await (await broker.producer()).send(numbered(topic, 0, 2));
      const groupId = unique('group');
      await (await broker.admin()).setGroupOffsets(groupId, topic, [{ partition: 0, offset: 500 }]);
      const recorder = await startRecording(broker.consumer({ groupId, topics: [topic] }));
      expect(recorder.owned[0]?.committed).toBeNull();
      await recorder.until(({ seen }) => seen.length === 2);
    });
  });
}
