import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { fetchSpacingMs, spaceFetches } from '../../topics/kafkajs/fetch-pace.ts';

describe('spaceFetches', () => {
  const sentAt: [client: unknown, atMs: number][] = [];
  const fetch = spaceFetches(async function (this: object, request) {
    sentAt.push([this, performance.now()]);
    return request;
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
    await fetch.call(client, 1);
    vi.advanceTimersByTime(fetchSpacingMs);
    expect(await fetch.call(client, 2)).toBe(2);
    expect(sentAt.map(([, atMs]) => atMs - startMs)).toEqual([0, fetchSpacingMs]);
  });

  it('holds back the next one until the spacing is over', async () => {
    const client = {};
    await fetch.call(client, 1);
    vi.advanceTimersByTime(2);
    const second = fetch.call(client, 2);
    await vi.advanceTimersByTimeAsync(fetchSpacingMs);
    await second;
    expect(sentAt.map(([, atMs]) => atMs - startMs)).toEqual([0, fetchSpacingMs]);
  });

  it('spaces each client on its own', async () => {
    const [one, other] = [{}, {}];
    await fetch.call(one, 1);
    await fetch.call(other, 1);
    expect(sentAt).toEqual([
      [one, startMs],
      [other, startMs],
    ]);
  });

  it('passes on what the fetch throws', async () => {
    const broken = spaceFetches(async () => {
      throw new Error('gone');
    });
    await expect(broken.call({}, 1)).rejects.toThrow('gone');
  });
});
