import { createRequire } from 'node:module';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { encodeRecord, nullHeader } from '../../topics/kafkajs/record-encoder.ts';

const load = createRequire(import.meta.url);
// Taken before the patch is applied: the yardstick.
const theirs: (record: unknown) => { buffer: Buffer } = load('kafkajs/src/protocol/recordBatch/record/v0');
const decodeTheirs: (decoder: unknown, context: object) => { headers: object } = load(
  'kafkajs/src/protocol/recordBatch/record/v0/decoder',
);
const Decoder = load('kafkajs/src/protocol/decoder');
const RequestQueue = load('kafkajs/src/network/requestQueue');
const { patchKafkajs } = await import('../../topics/kafkajs/patches.ts');

const bytes = fc.uint8Array({ maxLength: 300 }).map((raw) => Buffer.from(raw));
const text = fc.oneof(bytes, fc.string({ unit: 'grapheme', maxLength: 200 }));
const records = fc.record({
  offsetDelta: fc.nat(5000),
  timestampDelta: fc.oneof(fc.nat(100), fc.maxSafeInteger()),
  key: fc.option(text),
  value: fc.option(text),
  headers: fc.dictionary(fc.string({ maxLength: 20 }), fc.oneof(text, fc.array(text, { maxLength: 3 }))),
});

describe('encodeRecord', () => {
  it('writes what kafkajs writes, byte for byte', () => {
    fc.assert(
      fc.property(records, (record) => {
        expect(encodeRecord(record).buffer.equals(theirs(record).buffer)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('writes a null header, at which kafkajs throws', () => {
    expect(() => theirs({ headers: { a: null } })).toThrow();
    const { buffer } = encodeRecord({ headers: { a: nullHeader, b: Buffer.alloc(0) } });
    expect(readBack(buffer)).toEqual({ a: null, b: Buffer.alloc(0) });
  });
});

describe('patchKafkajs', () => {
  it('is applied to the version that is installed, and takes the place of the record encoder', () => {
    expect(patchKafkajs()).toBe(true);
    expect(patchKafkajs()).toBe(true);
    expect(load('kafkajs/src/protocol/recordBatch/record/v0')).toBe(encodeRecord);
  });

  it('reads headers of hostile names as own properties, and keeps every repetition', () => {
    patchKafkajs();
    const names = ['constructor', '__proto__', 'toString', 'plain'];
    const headers = Object.fromEntries(names.map((name) => [name, [`${name}1`, `${name}2`, `${name}3`]]));
    const read = readBack(encodeRecord({ headers }).buffer);
    expect(Object.keys(read)).toEqual(names);
    for (const [name, values] of Object.entries(read)) {
      expect(values.map(String)).toEqual([`${name}1`, `${name}2`, `${name}3`]);
    }
  });

  it('reads 20 000 headers of one record without folding copies of copies', () => {
    patchKafkajs();
    const headers = Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`h${i}`, 'x']));
    expect(Object.keys(readBack(encodeRecord({ headers }).buffer))).toHaveLength(20_000);
  });
});

function readBack(buffer: Buffer): Record<string, Buffer[]> {
  const decoder = new Decoder(buffer);
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
