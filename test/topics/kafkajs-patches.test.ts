import { createRequire } from 'node:module';
import fc from 'fast-check';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { EncodedBody, MakeRequest, ProduceMessage } from '../../topics/kafkajs/produce-request.ts';
import { nullHeader } from '../../topics/kafkajs/record-encoder.ts';

const load = createRequire(import.meta.url);
// Taken before the patch is applied: the yardstick.
const theirs: MakeRequest = load('kafkajs/src/protocol/requests/produce/v3/request');
const decodeTheirs: (decoder: unknown, context: object) => { headers: object } = load(
  'kafkajs/src/protocol/recordBatch/record/v0/decoder',
);
const Decoder = load('kafkajs/src/protocol/decoder');
const RequestQueue = load('kafkajs/src/network/requestQueue');
const { patchKafkajs } = await import('../../topics/kafkajs/patches.ts');

const bytes = fc.uint8Array({ maxLength: 300 }).map((raw) => Buffer.from(raw));
const text = fc.oneof(bytes, fc.string({ unit: 'grapheme', maxLength: 200 }));
const messages = fc.record(
  {
    key: fc.option(text),
    value: fc.option(text),
    headers: fc.dictionary(fc.string({ maxLength: 20 }), fc.oneof(text, fc.array(text, { maxLength: 3 }))),
    // As many digits each: kafkajs sorts them as texts.
    timestamp: fc.integer({ min: 1e12, max: 9e12 }).map(String),
  },
  { requiredKeys: ['key', 'value', 'timestamp'] },
);
const topicData = fc.array(
  fc.record({
    topic: fc.string({ unit: 'grapheme', maxLength: 20 }),
    partitions: fc.array(
      fc.record({ partition: fc.nat(100), messages: fc.array(messages, { minLength: 1, maxLength: 20 }) }),
      { maxLength: 3 },
    ),
  }),
  { maxLength: 3 },
);

/** By the newest version, as our producer asks for it. */
function encode(request: Parameters<MakeRequest>[0]): Promise<EncodedBody> {
  patchKafkajs();
  const ours: MakeRequest = load('kafkajs/src/protocol/requests/produce/v7/request');
  return ours(request).encode();
}

describe('a produce request', () => {
  const plain = { acks: -1, timeout: 30_000, compression: 0 };

  it('is what kafkajs writes, byte for byte', async () => {
    const property = fc.asyncProperty(topicData, async (topics) => {
      const request = { ...plain, topicData: topics };
      const [mine, yardstick] = [await encode(request), await theirs(request).encode()];
      expect(mine.buffer.equals(yardstick.buffer)).toBe(true);
    });
    await fc.assert(property, { numRuns: 500 });
  });

  it('of records without a time has that of its encoding', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    onTestFinished(() => void vi.useRealTimers());
    const partitions = [{ partition: 1, messages: [{ value: Buffer.from('a') }, { value: null }] }];
    const request = { ...plain, topicData: [{ topic: 't', partitions }] };
    expect((await encode(request)).buffer).toEqual((await theirs(request).encode()).buffer);
  });

  it('is left to kafkajs where it has compression, a transaction or a producer id', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    onTestFinished(() => void vi.useRealTimers());
    const partitions = [{ partition: 1, firstSequence: 7, messages: [{ value: Buffer.from('a') }] }];
    for (const more of [
      { compression: 1 },
      { transactionalId: 'tx', producerId: '5', producerEpoch: 1 },
      { producerId: -1 },
    ]) {
      const request = { ...plain, ...more, topicData: [{ topic: 't', partitions }] };
      expect((await encode(request)).buffer).toEqual((await theirs(request).encode()).buffer);
    }
  });

  it('carries a null header, at which kafkajs throws', async () => {
    const message = { value: null, headers: { a: nullHeader, b: Buffer.alloc(0) } };
    expect(await readBack(message)).toEqual({ a: null, b: Buffer.alloc(0) });
  });
});

describe('patchKafkajs', () => {
  it('is applied to the version that is installed', () => {
    expect(patchKafkajs()).toBe(true);
    expect(patchKafkajs()).toBe(true);
    expect(load('kafkajs/src/protocol/requests/produce/v3/request')).not.toBe(theirs);
  });

  it('reads headers of hostile names as own properties, and keeps every repetition', async () => {
    patchKafkajs();
    const names = ['constructor', '__proto__', 'toString', 'plain'];
    const headers = Object.fromEntries(names.map((name) => [name, [`${name}1`, `${name}2`, `${name}3`]]));
    const read = await readBack({ value: null, headers });
    expect(Object.keys(read)).toEqual(names);
    for (const [name, values] of Object.entries(read)) {
      expect(values.map(String)).toEqual([`${name}1`, `${name}2`, `${name}3`]);
    }
  });

  it('reads 20 000 headers of one record without folding copies of copies', async () => {
    patchKafkajs();
    const headers = Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`h${i}`, 'x']));
    expect(Object.keys(await readBack({ value: null, headers }))).toHaveLength(20_000);
  });
});

/** Of a request for one partition of a topic with a name of one letter. */
const firstRecordAt = 2 + 2 + 4 + 4 + (2 + 1) + 4 + 4 + 4 + 61;

/** The headers of one message, as kafkajs reads what was encoded. */
async function readBack(message: ProduceMessage): Promise<Record<string, Buffer[]>> {
  const topicData = [{ topic: 't', partitions: [{ partition: 0, messages: [message] }] }];
  const { buffer } = await encode({ acks: -1, timeout: 1, topicData });
  const decoder = new Decoder(buffer.subarray(firstRecordAt));
  decoder.readVarInt();
  return { ...decodeTheirs(decoder, { firstOffset: 0, firstTimestamp: 0 }).headers };
}

describe('the request queue of kafkajs', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  function newQueue() {
    patchKafkajs();
    const quiet = { debug: () => undefined, warn: () => undefined };
    const sent: number[] = [];
    const queue = new RequestQueue({
      maxInFlightRequests: 1,
      requestTimeout: 1000,
      logger: quiet,
      clientId: 'c',
      broker: 'b',
    });
    const push = (correlationId: number): void => {
      const entry = { correlationId, resolve: () => undefined, reject: () => undefined };
      queue.push({ entry, expectResponse: true, sendRequest: () => sent.push(correlationId) });
    };
    return { queue, sent, push };
  }

  it('arms no timer when nothing waits', () => {
    vi.useFakeTimers();
    const { queue, sent, push } = newQueue();
    push(1);
    queue.fulfillRequest({ correlationId: 1, payload: Buffer.alloc(0), size: 0 });
    expect(sent).toEqual([1]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('still sends what waits for a throttle to end', () => {
    vi.useFakeTimers();
    const { queue, sent, push } = newQueue();
    queue.maybeThrottle(500);
    push(1);
    push(2);
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(499);
    expect(sent).toEqual([]);
    vi.advanceTimersByTime(2);
    expect(sent).toEqual([1]);
    queue.fulfillRequest({ correlationId: 1, payload: Buffer.alloc(0), size: 0 });
    expect(sent).toEqual([1, 2]);
    queue.fulfillRequest({ correlationId: 2, payload: Buffer.alloc(0), size: 0 });
    vi.runAllTimers();
    expect(vi.getTimerCount()).toBe(0);
  });
});
