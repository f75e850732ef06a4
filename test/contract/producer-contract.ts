import { describe, expect, it } from 'vitest';
import { PenstockError } from '../../schemas/errors.ts';
import type { Broker, OutboundRecord } from '../../topics/ports.ts';
import { partitionOfKey } from '../../topics/producer/partitioner.ts';
import { outcomesOf } from '../../topics/record-outcomes.ts';
import { startRecording } from './recorder.ts';
import { numbered, TestBroker, unique } from './test-broker.ts';

const textOf = (record: OutboundRecord): string => String(record.value);

export function producerContract(connect: () => Broker): void {
  const open = (): TestBroker => new TestBroker(connect());

  describe('producer', () => {
    it('answers one place for each record, in order, counting up per partition', async () => {
      const broker = open();
      const topic = await broker.topic(3);
      const producer = await broker.producer();
      const records = [0, 1, 0, 2, 0, 1].flatMap((partition) => numbered(topic, partition, 1));
      const places = await producer.send(records);
      expect(places).toEqual([
        { topic, partition: 0, offset: 0 },
        { topic, partition: 1, offset: 0 },
        { topic, partition: 0, offset: 1 },
        { topic, partition: 2, offset: 0 },
        { topic, partition: 0, offset: 2 },
        { topic, partition: 1, offset: 1 },
      ]);
      expect(await producer.send(numbered(topic, 1, 1))).toEqual([{ topic, partition: 1, offset: 2 }]);
      expect(await producer.send([])).toEqual([]);
    });

    it('keeps the order of the calls within each partition, over many batches', async () => {
      const broker = open();
      const topic = await broker.topic(2);
      const producer = await broker.producer();
      const calls = Array.from({ length: 60 }, (_, call) =>
        producer.send([...numbered(topic, 0, 50, `${call}a`), ...numbered(topic, 1, 50, `${call}b`)]),
      );
      const places = (await Promise.all(calls)).flat();
      for (const partition of [0, 1]) {
        const offsets = places.filter((place) => place.partition === partition).map(({ offset }) => offset);
        expect(offsets).toEqual(Array.from({ length: 3000 }, (_, offset) => offset));
      }
    });

    it('writes what the places say', async () => {
      const broker = open();
      const topic = await broker.topic(3);
      const producer = await broker.producer();
      const sent = await Promise.all(
        Array.from({ length: 40 }, (_, i) => producer.send([{ topic, key: `k${i}`, value: Buffer.from(`v${i}`) }])),
      );
      const recorder = await startRecording(broker.consumer({ groupId: unique('group'), topics: [topic] }));
      await recorder.until(({ seen }) => seen.length === 40);
      const read = new Map(recorder.seen.map((one) => [`${one.partition}/${one.record.offset}`, one.record]));
      for (const [i, [place]] of sent.entries()) {
        const record = read.get(`${place?.partition}/${place?.offset}`);
        expect(record?.key?.toString()).toBe(`k${i}`);
        expect(record?.value?.toString()).toBe(`v${i}`);
      }
    });

    it('puts a key where the Java client puts it, and lets records without a key take turns', async () => {
      const broker = open();
      const topic = await broker.topic(5);
      const producer = await broker.producer();
      const keys = ['21', 'foobar', 'a-little-bit-long-string', 'abc', 'ключ', ''];
      const keyed = await producer.send(keys.map((key) => ({ topic, key, value: null })));
      expect(keyed.map(({ partition }) => partition)).toEqual(keys.map((key) => partitionOfKey(Buffer.from(key), 5)));
      const binary = Buffer.from([0, 255, 128]);
      const [place] = await producer.send([{ topic, key: binary, value: null }]);
      expect(place?.partition).toBe(partitionOfKey(binary, 5));
      const unkeyed = await producer.send(Array.from({ length: 10 }, () => ({ topic, key: null, value: null })));
      expect(new Set(unkeyed.map(({ partition }) => partition)).size).toBe(5);
    });

    it('puts what may go anywhere into all partitions, a request at a time', async () => {
      const broker = open();
      const topic = await broker.topic(3);
      const producer = await broker.producer({ ordered: false });
      const used = new Set<number | undefined>();
      for (let request = 0; request < 6; request += 1) {
        const record = { topic, partition: 'any', key: 'same', value: null } as const;
        const [place, other] = await producer.send([record, record]);
        expect(other?.partition).toBe(place?.partition);
        used.add(place?.partition);
      }
      expect([...used].toSorted()).toEqual([0, 1, 2]);
    });

    it('carries keys, values, headers and times as they are', async () => {
      const broker = open();
      const topic = await broker.topic(1);
      const producer = await broker.producer();
      const binary = Buffer.from([0, 1, 2, 253, 254, 255]);
      const headers = {
        plain: 'text',
        binary,
        twice: ['one', Buffer.from('two')],
        empty: '',
        constructor: 'hostile',
        nothing: undefined,
      };
      const timestampMs = 1_700_000_000_123;
      await producer.send([
        { topic, key: binary, value: binary, headers, timestampMs },
        { topic, key: null, value: null },
        { topic, key: '', value: Buffer.alloc(0) },
      ]);
      const recorder = await startRecording(broker.consumer({ groupId: unique('group'), topics: [topic] }));
      await recorder.until(({ seen }) => seen.length === 3);
      const [full, bare, empty] = recorder.seen.map(({ record }) => record);
      expect(full?.key).toEqual(binary);
      expect(full?.value).toEqual(binary);
      expect(full?.timestampMs).toBe(timestampMs);
      expect(full?.headers.plain).toEqual(Buffer.from('text'));
      expect(full?.headers.binary).toEqual(binary);
      expect(full?.headers.twice).toEqual([Buffer.from('one'), Buffer.from('two')]);
      expect(full?.headers.empty).toEqual(Buffer.alloc(0));
      expect(full?.headers.constructor).toEqual(Buffer.from('hostile'));
      expect(full?.headers.nothing ?? undefined).toBeUndefined();
      expect(Object.keys(full?.headers ?? {})).toContain('nothing');
      expect([bare?.key, bare?.value, Object.keys(bare?.headers ?? {})]).toEqual([null, null, []]);
      expect(bare?.timestampMs).toBeGreaterThan(timestampMs);
      expect([empty?.key, empty?.value]).toEqual([Buffer.alloc(0), Buffer.alloc(0)]);
    });

    it('sends a record on with the headers it came with', async () => {
      const broker = open();
      const [from, to] = [await broker.topic(1), await broker.topic(1)];
      const producer = await broker.producer();
      const headers = { a: undefined, b: ['1', '2'], ...Object.fromEntries([['__proto__', 'x']]) };
      await producer.send([{ topic: from, key: null, value: null, headers }]);
      const first = await startRecording(broker.consumer({ groupId: unique('group'), topics: [from] }));
      await first.until(({ seen }) => seen.length === 1);
      const original = first.seen[0]?.record.headers ?? {};
      await producer.send([{ topic: to, key: null, value: null, headers: original }]);
      const second = await startRecording(broker.consumer({ groupId: unique('group'), topics: [to] }));
      await second.until(({ seen }) => seen.length === 1);
      const copied = second.seen[0]?.record.headers ?? {};
      expect(Object.entries(copied)).toEqual(Object.entries(original));
      expect(Object.keys(copied).sort()).toEqual(['__proto__', 'a', 'b']);
    });

    it('refuses an oversized record alone; the others of its call and of other calls are written', async () => {
      const broker = open();
      const topic = await broker.topic(2, { 'max.message.bytes': '4000' });
      const producer = await broker.producer();
      const giant: OutboundRecord = { topic, partition: 0, key: null, value: Buffer.alloc(10_000) };
      const before = producer.send(numbered(topic, 0, 20, 'before'));
      const mixed = producer.send([...numbered(topic, 0, 3, 'mixed'), giant, ...numbered(topic, 1, 3, 'mixed')]);
      const after = producer.send(numbered(topic, 0, 20, 'after'));
      const refused = await mixed.then(
        () => undefined,
        (error: unknown) => error,
      );
      expect(refused).toBeInstanceOf(PenstockError);
      expect(refused).toMatchObject({ code: 'PIPE_TASK_TOO_LARGE', context: { index: 3 } });
      const outcomes = outcomesOf(refused).map((one) => (one instanceof PenstockError ? one.code : one?.partition));
      expect(outcomes).toEqual([0, 0, 0, 'PIPE_TASK_TOO_LARGE', 1, 1, 1]);
      const all = [await before, await after].flat();
      expect(all).toHaveLength(40);
      const recorder = await startRecording(broker.consumer({ groupId: unique('group'), topics: [topic] }));
      await recorder.until((now) => now.valuesOf(0).includes('after19') && now.valuesOf(1).includes('mixed2'));
      const run = (prefix: string, count: number): string[] => numbered(topic, 0, count, prefix).map(textOf);
      expect(recorder.valuesOf(0)).toEqual([...run('before', 20), ...run('mixed', 3), ...run('after', 20)]);
      expect(recorder.valuesOf(1)).toEqual(run('mixed', 3));
    });

    it('never makes a topic by writing to it', async () => {
      const broker = open();
      const known = await broker.topic(1);
      const producer = await broker.producer();
      const unknown = unique('missing');
      await expect(producer.send([{ topic: unknown, key: null, value: null }])).rejects.toMatchObject({
        code: 'PIPE_TOPIC_UNKNOWN',
      });
      await expect(producer.send([{ topic: known, partition: 7, key: null, value: null }])).rejects.toMatchObject({
        code: 'PIPE_TOPIC_UNKNOWN',
      });
      expect(await (await broker.admin()).listTopics()).not.toContain(unknown);
      expect(await producer.send(numbered(known, 0, 1))).toHaveLength(1);
    });

    it('finishes what was sent before it closes, and takes nothing afterwards', async () => {
      const broker = open();
      const topic = await broker.topic(1);
      const producer = await broker.producer({ lingerMs: 5000 });
      const sent = producer.send(numbered(topic, 0, 5));
      await producer.close();
      expect(await sent).toHaveLength(5);
      await expect(producer.send(numbered(topic, 0, 1))).rejects.toMatchObject({ code: 'PIPE_PRODUCER_CLOSED' });
    });
  });
}
