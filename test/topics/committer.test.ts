import { describe, expect, it, vi } from 'vitest';
import { Committer } from '../../topics/kafkajs/committer.ts';

const offsets = [{ topic: 't', partition: 0, offset: 5, metadata: 'm' }];
const fault = (type: string, retriable: boolean): Error =>
  Object.assign(new Error(type), { name: 'KafkaJSProtocolError', type, retriable });

function setUp(outcomes: (Error | undefined)[]) {
  const sent: unknown[] = [];
  const viaConsumer = vi.fn(async () => undefined);
  const committer = new Committer({ commitOffsets: viaConsumer }, 'g');
  const commitOffsetsIfNecessary = vi.fn(async (given: unknown) => {
    sent.push(given);
    const outcome = outcomes.shift();
    if (outcome) throw outcome;
  });
  const payload = { commitOffsetsIfNecessary };
  return { committer, payload, sent, viaConsumer };
}

describe('Committer', () => {
  it('sends before it returns, so that a commit out of rebalancing() goes ahead of the join', async () => {
    const { committer, payload, sent } = setUp([]);
    committer.use(payload);
    const committed = committer.commit(offsets, () => true);
    expect(sent).toEqual([
      { topics: [{ topic: 't', partitions: [{ topic: 't', partition: 0, offset: '5', metadata: 'm' }] }] },
    ]);
    await committed;
  });

  it('refuses at once what the caller no longer owns', async () => {
    const { committer, payload, sent } = setUp([]);
    committer.use(payload);
    await expect(committer.commit(offsets, () => false)).rejects.toMatchObject({ code: 'PIPE_COMMIT_FENCED' });
    expect(sent).toEqual([]);
  });

  it('tries a passing fault again, but not once the partition has moved', async () => {
    const passing = fault('COORDINATOR_NOT_AVAILABLE', true);
    const again = setUp([passing, undefined]);
    again.committer.use(again.payload);
    await again.committer.commit(offsets, () => true);
    expect(again.sent).toHaveLength(2);
    const moved = setUp([passing, undefined]);
    moved.committer.use(moved.payload);
    const owns = vi.fn().mockReturnValueOnce(true).mockReturnValue(false);
    await expect(moved.committer.commit(offsets, owns)).rejects.toMatchObject({ code: 'PIPE_COMMIT_FENCED' });
    expect(moved.sent).toHaveLength(1);
  });

  it('repeats with the newest offsets: one that overtook it is not undone', async () => {
    const { committer, payload, sent } = setUp([fault('COORDINATOR_NOT_AVAILABLE', true)]);
    committer.use(payload);
    const first = committer.commit(offsets, () => true);
    await committer.commit([{ topic: 't', partition: 0, offset: 9, metadata: 'n' }], () => true);
    await first;
    const offsetsSent = sent.map((each) => JSON.stringify(each).match(/"offset":"(\d+)"/)?.[1]);
    expect(offsetsSent).toEqual(['5', '9', '9']);
  });

  it('forgets them with a new assignment', async () => {
    const { committer, payload, sent } = setUp([]);
    committer.use(payload);
    await committer.commit([{ topic: 't', partition: 0, offset: 9, metadata: 'n' }], () => true);
    committer.reset();
    await committer.commit(offsets, () => true);
    expect(JSON.stringify(sent.at(-1))).toContain('"offset":"5"');
  });

  it('never repeats a commit of a generation that is over', async () => {
    const { committer, payload, sent } = setUp([fault('ILLEGAL_GENERATION', false)]);
    committer.use(payload);
    await expect(committer.commit(offsets, () => true)).rejects.toMatchObject({ code: 'PIPE_COMMIT_FENCED' });
    expect(sent).toHaveLength(1);
  });

  it('uses the consumer itself before the first batch, and after a crash took the last one away', async () => {
    const { committer, payload, sent, viaConsumer } = setUp([]);
    await committer.commit(offsets, () => true);
    committer.use(payload);
    committer.forget();
    await committer.commit(offsets, () => true);
    expect(viaConsumer).toHaveBeenCalledTimes(2);
    expect(sent).toEqual([]);
  });
});
