import { expect, it } from 'vitest';
import { fetchOfMembers, rememberingJoin } from '../../topics/kafkajs/owed-join.ts';

const group = () => ({ cluster: {}, memberId: 'm' });
const fetch = fetchOfMembers(async (nodeId) => [`batch of ${nodeId}`]);
const failing = rememberingJoin(() => Promise.reject(new Error('connection closed')));
const passing = rememberingJoin(async () => undefined);

it('a member whose join failed fetches nothing but the reason to join again', async () => {
  const member = group();
  expect(await fetch.call(member, '1')).toEqual(['batch of 1']);
  await expect(failing.call(member)).rejects.toThrow('connection closed');
  await expect(fetch.call(member, '1')).rejects.toMatchObject({ type: 'REBALANCE_IN_PROGRESS' });
  await expect(fetch.call(member, '2')).rejects.toMatchObject({ type: 'REBALANCE_IN_PROGRESS' });
  await passing.call(member);
  expect(await fetch.call(member, '1')).toEqual(['batch of 1']);
});

it('others are not meant', async () => {
  await expect(failing.call(group())).rejects.toThrow();
  expect(await fetch.call(group(), '1')).toEqual(['batch of 1']);
});
