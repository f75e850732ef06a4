import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Worker } from '../../../processors/worker.ts';
import { placeId } from '../../../schemas/task-id.ts';

import type { InboundRecord } from '../../../topics/ports.ts';
import { until } from '../../helpers/until.ts';
import { gate, RunnerBench, toNext } from './runner-bench.ts';

/** The clock goes on by itself, so that lingers and commits happen, and is put forward by hand over the delays. */
beforeEach(() => {
  vi.useFakeTimers({
    shouldAdvanceTime: true,
    toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'],
  });
});
afterEach(() => void vi.useRealTimers());

const envelopeOf = (record: InboundRecord | undefined) => JSON.parse(String(record?.headers.penstock));
const retryTopic = 'p.work.retry.10s';

async function rowsOf(bench: RunnerBench) {
  const batches = await bench.attemptBatches();
  return batches.flatMap(({ topic, attempts }) => attempts.map((row) => ({ ...row, topic })));
}

async function recordsOnce(bench: RunnerBench, topic: string, count: number): Promise<InboundRecord[]> {
  return until(`${count} in ${topic}`, async () => {
    const records = await bench.records(topic);
    return records.length >= count ? records : undefined;
  });
}

/** Reads the retry topic and waits: nothing of it may run. */
async function heldBy(worker: Worker, count: number): Promise<void> {
  await until('records to be held', () => (worker.stats()[0]?.queued === count ? true : undefined));
}

async function committedIn(bench: RunnerBench, topic: string, offset: number): Promise<void> {
  await until(`${topic} to be committed to ${offset}`, async () => {
    const offsets = await (await bench.broker.admin()).groupOffsets('p.work', topic);
    return offsets.some(({ committed }) => committed?.offset === offset) ? true : undefined;
  });
}

async function submitTo(bench: RunnerBench, topic: string, notBefores: readonly number[]): Promise<void> {
  const producer = await bench.broker.producer();
  await producer.send(
    notBefores.map((notBefore, n) => ({
      topic,
      key: 'k',
      value: Buffer.from(`{"n":${n}}`),
      headers: { penstock: JSON.stringify({ id: `t${n}`, attempt: 2, notBefore }) },
    })),
  );
}

describe('a delayed retry', () => {
  it('takes the task through every delay, never early, with its count, then to the dead letters', async () => {
    const starts: { attempt: number; at: number; topic: string }[] = [];
    const bench = await RunnerBench.open({
      retry: { attempts: 2, delayed: ['10s', '1m'] },
      process(task) {
        starts.push({ attempt: task.attempt, at: Date.now(), topic: task.place.topic });
        throw new Error('away');
      },
    });
    await bench.submit([{ key: 'k', value: '{"n":1}', headers: { penstock: '{"id":"a"}', x: 'y' } }]);
    await bench.start();
    const [first] = await recordsOnce(bench, retryTopic, 1);
    expect([String(first?.key), String(first?.value), String(first?.headers.x)]).toEqual(['k', '{"n":1}', 'y']);
    vi.advanceTimersByTime(10_000);
    const [second] = await recordsOnce(bench, 'p.work.retry.1m', 1);
    vi.advanceTimersByTime(60_000);
    const [dead] = await recordsOnce(bench, 'p.work.dlq', 1);
    expect(starts.map(({ attempt, topic }) => [attempt, topic])).toEqual([
      [1, 'p.work'],
      [2, 'p.work'],
      [3, retryTopic],
      [4, retryTopic],
      [5, 'p.work.retry.1m'],
      [6, 'p.work.retry.1m'],
    ]);
    for (const [record, start, delayMs] of [
      [first, 2, 10_000],
      [second, 4, 60_000],
    ] as const) {
      const { notBefore, attempt } = envelopeOf(record);
      expect(attempt).toBe(start + 1);
      expect(starts[start]?.at).toBeGreaterThanOrEqual(notBefore);
      expect(notBefore).toBeGreaterThanOrEqual((starts[start - 1]?.at ?? 0) + delayMs);
    }
    await committedIn(bench, 'p.work.retry.1m', 1);
    const { firstFailedAt, ...reason } = JSON.parse(String(dead?.headers['penstock-dead']));
    expect(reason).toMatchObject({
      topic: 'p.work.retry.1m',
      attempts: 6,
    });
    expect(firstFailedAt).toBeGreaterThanOrEqual(starts[0]?.at ?? 0);
    expect(firstFailedAt).toBeLessThanOrEqual(starts[1]?.at ?? 0);
    expect((await rowsOf(bench)).map((row) => [row.topic, row.attempt, row.outcome, row.nextStage])).toEqual([
      ['p.work', 1, 'retry', ''],
      ['p.work', 2, 'retry', 'work'],
      [retryTopic, 3, 'retry', ''],
      [retryTopic, 4, 'retry', 'work'],
      ['p.work.retry.1m', 5, 'retry', ''],
      ['p.work.retry.1m', 6, 'dead', ''],
    ]);
    expect(bench.audit.violations).toEqual([]);
  });

  it('keeps id, time and the rest of a task that came without a header, and of one with all of it', async () => {
    const bench = await RunnerBench.open({
      retry: { attempts: 1, delayed: ['10s'] },
      process(task) {
        if (task.attempt === 1) throw new Error('away');
        return toNext(task.submittedAt);
      },
    });
    const full = { id: 'a', source: 's', at: 5, expiresAt: 9e12, parent: 'b', tenant: 't', replay: 'r' };
    await bench.submit([{ value: '{"n":1}' }, { key: 'k', headers: { penstock: JSON.stringify(full), ce_id: 'no' } }]);
    await bench.start();
    const waiting = await recordsOnce(bench, retryTopic, 2);
    vi.advanceTimersByTime(10_000);
    const done = await recordsOnce(bench, 'p.next', 2);
    const id = placeId('p.work', 0, 0);
    const bare = waiting.map(envelopeOf).find((each) => each.id === id);
    expect(bare).toMatchObject({ id, attempt: 2 });
    expect(new Set(done.map((record) => envelopeOf(record).id))).toEqual(new Set([id, 'a']));
    expect(done.map(envelopeOf).find((each) => each.id === 'a')).toEqual(full);
    expect(done.map((record) => JSON.parse(String(record.value)).n).toSorted()).toEqual([5, bare.at].toSorted());
  });

  it('waits without a slot: with one slot, what comes after it runs at once', async () => {
    const bench = await RunnerBench.open({
      concurrency: 1,
      retry: { attempts: 1, delayed: ['10s'] },
      process(task) {
        if (task.payload.n === 0 && task.attempt === 1) throw new Error('away');
        return toNext(task.payload.n);
      },
    });
    await bench.submitMany(20);
    const worker = await bench.start();
    await recordsOnce(bench, 'p.next', 19);
    await bench.committedTo(20);
    await heldBy(worker, 1);
    expect(worker.stats()[0]).toMatchObject({ done: 19, retried: 1, inFlight: 0 });
    vi.advanceTimersByTime(10_000);
    await recordsOnce(bench, 'p.next', 20);
    await committedIn(bench, retryTopic, 1);
    expect(bench.audit.violations).toEqual([]);
  });

  it('holds one batch of a partition, not the topic, and runs it in order when it is due', async () => {
    const seen: number[] = [];
    const early: number[] = [];
    const bench = await RunnerBench.open({
      retry: { attempts: 1, delayed: ['10s'] },
      process(task) {
        if (task.place.topic === retryTopic && Date.now() < firstDue + task.payload.n) early.push(task.payload.n);
        seen.push(task.payload.n);
      },
    });
    const firstDue = Date.now() + 8_000;
    await submitTo(
      bench,
      retryTopic,
      Array.from({ length: 1_800 }, (_, n) => firstDue + n),
    );
    const worker = await bench.start();
    await heldBy(worker, 500);
    bench.broker.rebalance('p.work');
    for (let ran = 1; ran <= 3; ran++) {
      await bench.submitMany(1);
      await until('a task of the main topic', () => (seen.length === ran ? true : undefined));
    }
    await bench.committedTo(3);
    expect(worker.stats()[0]?.queued).toBe(500);
    vi.advanceTimersByTime(8_000);
    await until('some', () => (seen.length > 100 ? true : undefined));
    vi.advanceTimersByTime(1_000);
    await until('the next batch', () => (seen.length > 700 ? true : undefined));
    vi.advanceTimersByTime(1_000);
    await until('all', () => (seen.length === 1_803 ? true : undefined));
    expect(early).toEqual([]);
    expect(seen.slice(3)).toEqual(Array.from({ length: 1_800 }, (_, n) => n));
    await committedIn(bench, retryTopic, 1_800);
    expect(bench.audit.violations).toEqual([]);
  });

  it('survives rebalances that keep the partition, that take it, and a kill, with the wait it has left', async () => {
    const starts: number[] = [];
    const bench = await RunnerBench.open({
      retry: { attempts: 1, delayed: ['10s'] },
      process: (task) => void starts.push(task.payload.n, Date.now()),
    });
    const notBefore = Date.now() + 9_000;
    await submitTo(bench, retryTopic, [notBefore]);
    const first = await bench.start();
    await heldBy(first, 1);
    bench.broker.rebalance('p.work');
    await bench.start();
    await until('both to be members', () => (bench.broker.memberIds('p.work').length === 2 ? true : undefined));
    const [firstId = '', secondId = ''] = bench.broker.memberIds('p.work');
    bench.broker.kill(firstId);
    bench.broker.kill(secondId);
    const third = await bench.start();
    await heldBy(third, 1);
    vi.advanceTimersByTime(4_000);
    bench.broker.rebalance('p.work');
    await bench.submitMany(1);
    await until('a task of the main topic', () => (starts.length === 2 ? true : undefined));
    await heldBy(third, 1);
    vi.advanceTimersByTime(5_000);
    await until('the retry', () => (starts.length === 4 ? true : undefined));
    expect(starts[3]).toBeGreaterThanOrEqual(notBefore);
    await committedIn(bench, retryTopic, 1);
    // Was the pause taken back? A later record of the partition says so.
    await submitTo(bench, retryTopic, [Date.now() - 1]);
    await until('a record behind it', () => (starts.length === 6 ? true : undefined));
    expect(bench.audit.violations).toEqual([]);
  });

  it('a time far beyond the delay, from elsewhere, holds up nobody but itself', async () => {
    const seen: string[] = [];
    const bench = await RunnerBench.open({
      ordering: 'none',
      retry: { attempts: 1, delayed: ['10s'] },
      process: (task) => void seen.push(task.id),
    });
    const now = Date.now();
    await submitTo(bench, retryTopic, [now + 120_000, now + 5_000]);
    const worker = await bench.start();
    await heldBy(worker, 2);
    vi.advanceTimersByTime(10_000);
    await until('the other', () => (seen.length === 1 ? true : undefined));
    expect(seen).toEqual(['t1']);
    vi.advanceTimersByTime(120_000);
    await until('it', () => (seen.length === 2 ? true : undefined));
  });

  it('is not committed while the retry topic does not take it; the rest of the stage goes on', async () => {
    const bench = await RunnerBench.open({
      ordering: 'none',
      retry: { attempts: 1, delayed: ['10s'] },
      process(task) {
        if (task.payload.n === 0 && task.attempt === 1) throw new Error('away');
        return toNext(task.payload.n);
      },
    });
    for (let n = 0; n < 3; n++) bench.broker.faults.failNextSend({ topic: retryTopic });
    await bench.submitMany(10);
    await bench.start();
    await recordsOnce(bench, 'p.next', 9);
    expect((await bench.committed())?.offset ?? 0).toBe(0);
    vi.advanceTimersByTime(2_000);
    await recordsOnce(bench, retryTopic, 1);
    await bench.committedTo(10);
    expect(bench.audit.violations).toEqual([]);
  });

  it('that the retry topic will never take ends in the dead letters; its neighbours wait for theirs', async () => {
    const bench = await RunnerBench.open({
      ordering: 'none',
      retry: { attempts: 1, delayed: ['10s'] },
      process(task) {
        if (task.attempt === 1) throw new Error('away');
      },
    });
    await (await bench.broker.admin()).alterTopicConfig(retryTopic, { 'max.message.bytes': '1000' });
    await bench.submit([{ value: '{"n":0}' }, { value: `{"n":1,"x":"${'y'.repeat(2_000)}"}` }, { value: '{"n":2}' }]);
    const worker = await bench.start();
    await bench.committedTo(3);
    const [dead, ...more] = await bench.records('p.work.dlq');
    expect(more).toEqual([]);
    expect(JSON.parse(String(dead?.headers['penstock-dead']))).toMatchObject({
      offset: 1,
      code: 'PIPE_TASK_TOO_LARGE',
    });
    vi.advanceTimersByTime(10_000);
    await until('the others', () => ((worker.stats()[0]?.done ?? 0) >= 2 ? true : undefined));
    expect(worker.stats()[0]).toMatchObject({ retried: 2, failed: 1 });
    expect(bench.audit.violations).toEqual([]);
  });

  it('of a partition that is lost meanwhile is left to the new owner', async () => {
    const held = gate();
    const bench = await RunnerBench.open({
      retry: { attempts: 1, delayed: ['10s'] },
      async process(task) {
        if (task.place.topic !== 'p.work') return;
        await held.opened;
        throw new Error('away');
      },
    });
    await bench.submitMany(1);
    const first = await bench.start();
    await until('it to run', () => (first.stats()[0]?.inFlight === 1 ? true : undefined));
    bench.broker.freeze(bench.broker.memberIds('p.work')[0] ?? '');
    await bench.start();
    held.open();
    await bench.committedTo(1);
    expect((await rowsOf(bench)).map((row) => row.attempt)).toContain(1);
    expect(bench.audit.violations).toEqual([]);
  });
});
