import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  type FetchResponse,
  fetchSpacingMs,
  idleAfterMs,
  idleWaitMs,
  spaceFetches,
} from '../../topics/kafkajs/fetch-pace.ts';

const request = { maxWaitTime: 200 };
const responseOf = (...messages: unknown[]): FetchResponse => ({ responses: [{ partitions: [{ messages }] }] });

describe('spaceFetches', () => {
  const sentAt: [client: unknown, atMs: number][] = [];
  const fetch = spaceFetches(async function (this: object) {
    sentAt.push([this, performance.now()]);
    return responseOf();
  });
  let startMs = 0;

  beforeEach(() => {
    vi.useFakeTimers();
    sentAt.length = 0;
    startMs = performance.now();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('sends at once after a silence', async () => {
    const client = {};
    await fetch.call(client, request);
    vi.advanceTimersByTime(fetchSpacingMs);
    expect(await fetch.call(client, request)).toEqual(responseOf());
    expect(sentAt.map(([, atMs]) => atMs - startMs)).toEqual([0, fetchSpacingMs]);
  });

  it('holds back the next one until the spacing is over', async () => {
    const client = {};
    await fetch.call(client, request);
    vi.advanceTimersByTime(2);
    const second = fetch.call(client, request);
    await vi.advanceTimersByTimeAsync(fetchSpacingMs);
    await second;
    expect(sentAt.map(([, atMs]) => atMs - startMs)).toEqual([0, fetchSpacingMs]);
  });

  it('spaces each client on its own', async () => {
    const [one, other] = [{}, {}];
    await fetch.call(one, request);
    await fetch.call(other, request);
    expect(sentAt).toEqual([
      [one, startMs],
      [other, startMs],
    ]);
  });

  it('lets the broker wait longer once no record has come for a while, until one comes', async () => {
    const waits: number[] = [];
    let answer = responseOf();
    const watched = spaceFetches(async ({ maxWaitTime }) => {
      waits.push(maxWaitTime);
      return answer;
    });
    const client = {};
    await watched.call(client, request);
    vi.advanceTimersByTime(idleAfterMs);
    answer = responseOf('record');
    await watched.call(client, request);
    vi.advanceTimersByTime(fetchSpacingMs);
    await watched.call(client, request);
    expect(waits).toEqual([200, idleWaitMs, 200]);
  });

  it('passes on what the fetch throws', async () => {
    const broken = spaceFetches(async () => {
      throw new Error('gone');
    });
    await expect(broken.call({}, request)).rejects.toThrow('gone');
  });
});
