import { describe, expect, it } from 'vitest';
import { createMemoryBroker } from '../../topics/memory/memory-broker.ts';
import { commitOf, Recorder, startRecording } from '../contract/recorder.ts';
import { numbered, TestBroker, unique } from '../contract/test-broker.ts';

async function setUp(partitions = 2) {
  const memory = createMemoryBroker();
  const broker = new TestBroker(memory);
  const topic = await broker.topic(partitions);
  return { memory, broker, topic, groupId: unique('group'), producer: await broker.producer() };
}

/** Lets everything that was put off run. */
async function quiet(): Promise<void> {
  for (let round = 0; round < 50; round += 1) await new Promise((resolve) => setImmediate(resolve));
}

describe('faults of the in-memory twin', () => {
  it('refuses a send before it is written, or loses its answer after', async () => {
    const { memory, broker, topic, producer } = await setUp(1);
    memory.faults.failNextSend();
    memory.faults.loseNextAnswer();
    const unavailable = { code: 'PIPE_BROKER_UNAVAILABLE' };
    await expect(producer.send(numbered(topic, 0, 1, 'a'))).rejects.toMatchObject(unavailable);
    await expect(producer.send(numbered(topic, 0, 1, 'b'))).rejects.toMatchObject(unavailable);
    expect(await producer.send(numbered(topic, 0, 1, 'c'))).toEqual([{ topic, partition: 0, offset: 1 }]);
    const recorder = await startRecording(broker.consumer({ groupId: unique('group'), topics: [topic] }));
    await recorder.until(({ seen }) => seen.length === 2);
    expect(recorder.valuesOf(0)).toEqual(['b0', 'c0']);
  });

  it('fails only sends to the topic that is named', async () => {
    const { memory, broker, topic, producer } = await setUp(1);
    const other = await broker.topic(1);
    memory.faults.failNextSend({ topic: other });
    await producer.send(numbered(topic, 0, 1));
    await expect(producer.send(numbered(other, 0, 1))).rejects.toMatchObject({ code: 'PIPE_BROKER_UNAVAILABLE' });
    await producer.send(numbered(other, 0, 1));
  });

  it('holds answers back while the records are there to be read', async () => {
    const { memory, broker, topic, producer } = await setUp(1);
    const release = memory.faults.holdAcks();
    let answered = false;
    const sent = producer.send(numbered(topic, 0, 1)).then(() => {
      answered = true;
    });
    const recorder = await startRecording(broker.consumer({ groupId: unique('group'), topics: [topic] }));
    await recorder.until(({ seen }) => seen.length === 1);
    expect(answered).toBe(false);
    release();
    await sent;
  });

  it('rebalances on demand: everybody keeps what it had and reads again from the commit', async () => {
    const { memory, broker, topic, groupId, producer } = await setUp(1);
    await producer.send(numbered(topic, 0, 4));
    const consumer = broker.consumer({ groupId, topics: [topic] });
    const recorder = await startRecording(consumer);
    await recorder.until(({ seen }) => seen.length === 4);
    await consumer.commit([commitOf(topic, 0, 3)]);
    memory.rebalance(groupId);
    await recorder.until(({ seen }) => seen.length === 5);
    expect(recorder.owned).toEqual([{ topic, partition: 0, committed: { offset: 3, metadata: '' }, kept: true }]);
    expect(recorder.valuesOf(0)).toEqual(['v0', 'v1', 'v2', 'v3', 'v3']);
  });

  it('lets others take over from a member that was killed, which hears nothing more', async () => {
    const { memory, broker, topic, groupId, producer } = await setUp(2);
    const first = await startRecording(broker.consumer({ groupId, topics: [topic] }));
    const second = await startRecording(broker.consumer({ groupId, topics: [topic] }));
    await first.until(({ assignments }) => assignments.length === 2);
    const calls = first.calls.length;
    memory.kill(memory.memberIds(groupId)[0] ?? '');
    await second.until(({ owned }) => owned.length === 2);
    await producer.send([...numbered(topic, 0, 1), ...numbered(topic, 1, 1)]);
    await second.until(({ seen }) => seen.length === 2);
    expect(first.calls).toHaveLength(calls);
  });

  it('fences a zombie, and takes it back as a new member that kept nothing', async () => {
    const { memory, broker, topic, groupId, producer } = await setUp(1);
    const zombie = broker.consumer({ groupId, topics: [topic] });
    const first = await startRecording(zombie);
    const [memberId = ''] = memory.memberIds(groupId);
    memory.freeze(memberId);
    const second = await startRecording(broker.consumer({ groupId, topics: [topic] }));
    await producer.send(numbered(topic, 0, 3));
    await second.until(({ seen }) => seen.length === 3);
    await expect(zombie.commit([commitOf(topic, 0, 3)])).rejects.toMatchObject({ code: 'PIPE_COMMIT_FENCED' });
    expect(first.seen).toEqual([]);
    memory.thaw(memberId);
    await first.until(({ assignments }) => assignments.length === 2);
    expect(first.owned.every(({ kept }) => !kept)).toBe(true);
    expect([...first.owned, ...second.owned]).toHaveLength(1);
  });

  it('crashes a consumer on demand, and fails a commit on demand', async () => {
    const { memory, broker, topic, groupId } = await setUp(1);
    const consumer = broker.consumer({ groupId, topics: [topic] });
    const recorder = await startRecording(consumer);
    memory.faults.failNextCommit();
    const commit = () => consumer.commit([commitOf(topic, 0, 0)]);
    await expect(commit()).rejects.toMatchObject({ code: 'PIPE_BROKER_UNAVAILABLE' });
    await commit();
    memory.crash(memory.memberIds(groupId)[0] ?? '');
    expect(recorder.failure).toMatchObject({ code: 'PIPE_CONSUMER_CRASHED' });
    expect(memory.memberIds(groupId)).toEqual([]);
  });

  it('runs on the queue of a simulation: nothing happens but what the queue runs', async () => {
    const queue: (() => void)[] = [];
    const memory = createMemoryBroker({ later: (run) => queue.push(run), now: () => 42 });
    await (await memory.admin()).createTopics([{ name: 't', partitions: 1, config: {} }]);
    await (await memory.producer()).send(numbered('t', 0, 1));
    const recorder = new Recorder();
    const started = memory.consumer({ groupId: 'g', topics: ['t'] }).start(recorder);
    await quiet();
    expect(recorder.calls).toEqual([]);
    queue.shift()?.();
    await started;
    expect(recorder.calls).toEqual(['assigned']);
    while (queue.length > 0) queue.shift()?.();
    expect(recorder.calls).toEqual(['assigned', 'records']);
    expect(recorder.seen[0]?.record.timestampMs).toBe(42);
  });
});
