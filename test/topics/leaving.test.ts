import { expect, it } from 'vitest';
import { endFetches, fetchUntilLeaving } from '../../topics/kafkajs/leaving.ts';

const batches = [{ partition: 3 }];

it('a fetch is answered as it was', async () => {
  const fetch = fetchUntilLeaving(async (nodeId) => (nodeId === '1' ? batches : Promise.reject(new Error('closed'))));
  expect(await fetch.call({ cluster: {} }, '1')).toBe(batches);
  await expect(fetch.call({ cluster: {} }, '2')).rejects.toThrow('closed');
});

it('who leaves waits for none of its fetches and begins no other', async () => {
  const begun: string[] = [];
  const fetch = fetchUntilLeaving((nodeId) => {
    begun.push(nodeId);
    return new Promise(() => undefined);
  });
  const member = { cluster: {} };
  const held = [fetch.call(member, '1'), fetch.call(member, '2')];
  endFetches(member.cluster);
  expect(await Promise.all(held)).toEqual([[], []]);
  expect(await fetch.call(member, '1')).toEqual([]);
  expect(begun).toEqual(['1', '2']);
});

it('a fetch that fails after it was given up is nobody’s error, and others are not meant', async () => {
  let fail: (error: Error) => void = () => undefined;
  const late = new Promise<readonly unknown[]>((_, reject) => {
    fail = reject;
  });
  const fetch = fetchUntilLeaving(() => late);
  const member = { cluster: {} };
  const [given, kept] = [fetch.call(member, '1'), fetch.call({ cluster: {} }, '1')];
  endFetches(member.cluster);
  fail(new Error('the connection is closed'));
  expect(await given).toEqual([]);
  await expect(kept).rejects.toThrow('the connection is closed');
});
