import { describe, expect, it } from 'vitest';
import { PenstockError } from '../../schemas/errors.ts';
import type { OutboundRecord, ProducerOptions } from '../../topics/ports.ts';
import { BatchingProducer } from '../../topics/producer/batching-producer.ts';
import { FakeClock, FakeTransport, settle } from './fake-transport.ts';

const away = new PenstockError('PIPE_BROKER_UNAVAILABLE', 'away');
const tooLarge = new PenstockError('PIPE_TASK_TOO_LARGE', 'too large');
const unknown = new PenstockError('PIPE_TOPIC_UNKNOWN', 'unknown');

function setUp(options: ProducerOptions = {}, topics: Record<string, number> = { t: 2 }) {
  const clock = new FakeClock();
  const transport = new FakeTransport(topics);
  return { clock, transport, producer: new BatchingProducer(transport, clock, options) };
}

const to = (partition: number, value: string, bytes = 0): OutboundRecord => ({
  topic: 't',
  partition,
  key: null,
  value: Buffer.concat([Buffer.from(value), Buffer.alloc(bytes)]),
});

const sizes = (transport: FakeTransport): number[] =>
  transport.flying.map(({ writes }) => writes.reduce((sum, { records }) => sum + records.length, 0));

describe('BatchingProducer', () => {
  it('sends at once while nothing is in the air, and the calls of one turn together', async () => {
    const { transport, producer } = setUp();
    const sent = [producer.send([to(0, 'a')]), producer.send([to(1, 'b'), to(0, 'c')])];
    await settle();
    expect(sizes(transport)).toEqual([3]);
    transport.flying[0]?.land();
    expect(await Promise.all(sent)).toEqual([
      [{ topic: 't', partition: 0, offset: 0 }],
      [
        { topic: 't', partition: 1, offset: 0 },
        { topic: 't', partition: 0, offset: 1 },
      ],
    ]);
  });

  it('gathers while a request is in the air, until it lands or for a linger', async () => {
    const { clock, transport, producer } = setUp({}, { t: 4 });
    void producer.send([to(0, 'a')]);
    await settle();
    void producer.send([to(1, 'b')]);
    await clock.advance(9);
    void producer.send([to(2, 'c')]);
    await settle();
    expect(sizes(transport)).toEqual([1]);
    await clock.advance(1);
    expect(sizes(transport)).toEqual([1, 2]);
    void producer.send([to(3, 'd')]);
    transport.flying[0]?.land();
    await settle();
    expect(sizes(transport)).toEqual([2]);
    transport.flying[0]?.land();
    await settle();
    expect(sizes(transport)).toEqual([1]);
  });

  it('puts the records of one request that may go anywhere into one partition, and requests into one after another', async () => {
    const { transport, producer } = setUp({ ordered: false }, { t: 3 });
    const anywhere: OutboundRecord = { topic: 't', partition: 'any', key: 'k', value: null };
    transport.auto = true;
    const places = [];
    for (let request = 0; request < 4; request += 1) places.push(await producer.send([anywhere, anywhere]));
    expect(places.map((sent) => sent.map(({ partition }) => partition))).toEqual([
      [0, 0],
      [1, 1],
      [2, 2],
      [0, 0],
    ]);
  });

  it('sends at most 1000 records and 256 KB a request, and at once when full', async () => {
    const { transport, producer } = setUp({}, { t: 9 });
    void producer.send(Array.from({ length: 2500 }, (_, i) => to(i % 9, String(i))));
    await settle();
    expect(sizes(transport)).toEqual([1000, 1000]);
    const heavy = setUp({}, { t: 9 });
    void heavy.producer.send(Array.from({ length: 9 }, (_, i) => to(i, 'x', 100_000)));
    await settle();
    expect(sizes(heavy.transport).every((size) => size <= 2)).toBe(true);
    expect(heavy.transport.flying.length).toBeGreaterThan(1);
  });

  it('retries a passing fault with order kept, and grows its pauses', async () => {
    const { clock, transport, producer } = setUp();
    const first = producer.send([to(0, 'a')]);
    await clock.advance(3);
    const second = producer.send([to(0, 'b')]);
    transport.flying[0]?.land(away);
    await clock.advance(49);
    expect(transport.flying).toHaveLength(0);
    await clock.advance(1);
    expect(sizes(transport)).toEqual([2]);
    transport.flying[0]?.land(away);
    await clock.advance(99);
    expect(transport.flying).toHaveLength(0);
    transport.auto = true;
    await clock.advance(1);
    await Promise.all([first, second]);
    expect(transport.log.get('t/0')).toEqual(['a', 'b']);
  });

  it('gives up after the delivery timeout, forgets the records, and frees their bytes', async () => {
    const { clock, transport, producer } = setUp({ deliveryTimeoutMs: 1000, maxBufferedBytes: 200 });
    const first = producer.send([to(0, 'a', 100)]);
    const second = producer.send([to(0, 'b', 100)]);
    const refused = Promise.allSettled([first, second]);
    await clock.advance(3);
    transport.flying[0]?.land(away);
    await clock.advance(1000);
    for (const flight of [...transport.flying]) flight.land(away);
    const results = await refused;
    for (const result of results) {
      expect(result).toMatchObject({ status: 'rejected', reason: { code: 'PIPE_BROKER_UNAVAILABLE' } });
    }
    transport.auto = true;
    const third = producer.send([to(0, 'c', 150)]);
    await clock.advance(2000);
    await third;
    expect(transport.log.get('t/0')?.map((value) => value[0])).toEqual(['c']);
  });

  it('answers at the deadline even while a request hangs', async () => {
    const { clock, transport, producer } = setUp({ deliveryTimeoutMs: 500 });
    const sent = producer.send([to(0, 'a')]);
    const refused = expect(sent).rejects.toMatchObject({ code: 'PIPE_BROKER_UNAVAILABLE' });
    await clock.advance(500);
    expect(transport.flying).toHaveLength(1);
    await refused;
    const next = producer.send([to(0, 'b')]);
    await clock.advance(5);
    expect(transport.flying).toHaveLength(1);
    transport.flying[0]?.land();
    await clock.advance(5);
    transport.flying[0]?.land();
    expect(await next).toEqual([{ topic: 't', partition: 0, offset: 1 }]);
  });

  it('waits for room, in the order of the calls', async () => {
    const { clock, transport, producer } = setUp({ maxBufferedBytes: 1000 });
    const order: string[] = [];
    const calls = ['a', 'b', 'c'].map((name) =>
      producer.send([to(0, name, 700)]).then(() => {
        order.push(name);
      }),
    );
    for (const name of ['a', 'b', 'c']) {
      await clock.advance(3);
      expect(transport.flying.flatMap(({ writes }) => writes[0]?.records[0]?.value?.toString()[0])).toEqual([name]);
      transport.flying[0]?.land();
      await settle();
    }
    await Promise.all(calls);
    expect(order).toEqual(['a', 'b', 'c']);
  });

  it('takes a call that is larger than the whole buffer when the buffer is empty', async () => {
    const { clock, transport, producer } = setUp({ maxBufferedBytes: 10 });
    transport.auto = true;
    const sent = producer.send([to(0, 'a', 500)]);
    await clock.advance(3);
    expect(await sent).toHaveLength(1);
  });

  it('refuses one record that is too large, with its index, and writes all others', async () => {
    const { clock, transport, producer } = setUp();
    const good = producer.send([to(0, 'a'), to(1, 'b')]);
    const mixed = producer.send([to(0, 'c'), to(0, 'BAD'), to(0, 'd')]);
    const refused = expect(mixed).rejects.toMatchObject({ code: 'PIPE_TASK_TOO_LARGE', context: { index: 1 } });
    for (let round = 0; round < 20; round += 1) {
      await clock.advance(3);
      for (const flight of [...transport.flying]) {
        const bad = flight.writes.some(({ records }) => records.some(({ value }) => value?.toString() === 'BAD'));
        flight.land(bad ? tooLarge : undefined);
      }
    }
    await refused;
    expect(await good).toHaveLength(2);
    expect(transport.log.get('t/0')).toEqual(['a', 'c', 'd']);
    expect(transport.log.get('t/1')).toEqual(['b']);
  });

  it('refuses a topic that does not exist, and lets the calls behind it pass', async () => {
    const { clock, transport, producer } = setUp();
    transport.auto = true;
    transport.onLookUp = () => Promise.reject(unknown);
    const missing = producer.send([{ topic: 'missing', key: null, value: null }]);
    const behind = producer.send([to(0, 'a')]);
    const refused = expect(missing).rejects.toMatchObject({ code: 'PIPE_TOPIC_UNKNOWN' });
    await clock.advance(10);
    await refused;
    expect(await behind).toHaveLength(1);
  });

  it('looks a topic up again while the broker is away, until the deadline', async () => {
    const { clock, transport, producer } = setUp({ deliveryTimeoutMs: 300 }, {});
    transport.onLookUp = () => Promise.reject(away);
    const sent = producer.send([to(0, 'a')]);
    const refused = expect(sent).rejects.toMatchObject({ code: 'PIPE_BROKER_UNAVAILABLE' });
    await clock.advance(300);
    await refused;
    expect(transport.lookUps).toBeGreaterThan(3);
  });

  it('flushes on close, waits for the answers, then closes its connection and leaves no timer', async () => {
    const { clock, transport, producer } = setUp({ lingerMs: 60_000 });
    const sent = producer.send([to(0, 'a')]);
    const closed = producer.close();
    await settle();
    expect(sizes(transport)).toEqual([1]);
    expect(transport.closed).toBe(false);
    transport.flying[0]?.land();
    await closed;
    expect(await sent).toHaveLength(1);
    expect(transport.closed).toBe(true);
    expect(clock.timers).toBe(0);
    await expect(producer.send([to(0, 'b')])).rejects.toMatchObject({ code: 'PIPE_PRODUCER_CLOSED' });
  });
});
