import { setTimeout as delay } from 'node:timers/promises';
import pino from 'pino';
import { describe, expect, inject, it, vi } from 'vitest';
import { connectKafka } from '../../topics/client.ts';
import { Recorder, startRecording } from './recorder.ts';
import { numbered, TestBroker, unique } from './test-broker.ts';

const brokers = (): string[] => inject('stack').brokers.split(',');

describe('the kafkajs client', () => {
  it('lets an idle process sleep: no flood of timers, no warning', async () => {
    const broker = new TestBroker(connectKafka({ brokers: brokers() }));
    const topic = await broker.topic(2);
    const producer = await broker.producer();
    const consumer = broker.consumer({ groupId: unique('group'), topics: [topic] });
    const recorder = await startRecording(consumer);
    await producer.send(numbered(topic, 0, 1));
    await recorder.until(({ seen }) => seen.length === 1);
    consumer.pause([
      { topic, partition: 0 },
      { topic, partition: 1 },
    ]);
    const warnings: string[] = [];
    const onWarning = (warning: Error): number => warnings.push(warning.name);
    process.on('warning', onWarning);
    const timers = vi.spyOn(globalThis, 'setTimeout');
    const idleMs = 2000;
    await delay(idleMs);
    const armed = timers.mock.calls.length;
    timers.mockRestore();
    process.off('warning', onWarning);
    // One for each round of the paused fetch loop, every 200 ms; unpatched, every millisecond.
    expect(armed).toBeLessThan(idleMs / 50);
    expect(armed).toBeGreaterThan(0);
    expect(warnings).toEqual([]);
  });

  it('stays a member while everything is paused, for longer than its session', async () => {
    const broker = new TestBroker(connectKafka({ brokers: brokers() }));
    const topic = await broker.topic(1);
    const groupId = unique('group');
    const consumer = broker.consumer({ groupId, topics: [topic], sessionTimeoutMs: 2000 });
    const recorder = await startRecording(consumer);
    consumer.pause([{ topic, partition: 0 }]);
    await delay(4500);
    expect(await (await broker.admin()).groupMembers(groupId)).toHaveLength(1);
    expect(recorder.calls).toEqual(['assigned']);
  });

  it('says that no broker is there, whichever role asks', async () => {
    const nowhere = connectKafka({ brokers: ['127.0.0.1:1'] });
    const unavailable = { code: 'PIPE_BROKER_UNAVAILABLE' };
    const consumer = nowhere.consumer({ groupId: 'g', topics: ['t'] });
    await Promise.all([
      expect(nowhere.producer()).rejects.toMatchObject(unavailable),
      expect(nowhere.admin()).rejects.toMatchObject(unavailable),
      expect(consumer.start(new Recorder())).rejects.toMatchObject(unavailable),
    ]);
  });

  it('writes nothing to the log in normal operation, rebalances included', async () => {
    const lines: string[] = [];
    const logger = pino({ level: 'info' }, { write: (line: string) => lines.push(line) });
    const broker = new TestBroker(connectKafka({ brokers: brokers(), logger }));
    const topic = await broker.topic(2);
    const groupId = unique('group');
    const one = broker.consumer({ groupId, topics: [topic] });
    const first = await startRecording(one);
    const other = broker.consumer({ groupId, topics: [topic] });
    await startRecording(other);
    await first.until(({ owned }) => owned.length === 1);
    await (await broker.producer()).send(numbered(topic, 0, 1));
    await other.stop();
    await first.until(({ owned }) => owned.length === 2);
    await one.stop();
    expect(lines).toEqual([]);
  });

  it('refuses a SASL mechanism that it does not know', () => {
    const sasl = { mechanism: 'gssapi', username: 'u', password: 'p' };
    expect(() => connectKafka({ brokers: ['127.0.0.1:1'], sasl })).toThrow(/gssapi/);
  });
});
