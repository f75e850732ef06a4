import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { requeue, retryable } from '../../../processors/stage.ts';
import type { InboundRecord } from '../../../topics/ports.ts';
import { until } from '../../helpers/until.ts';
import { RunnerBench, toNext } from './runner-bench.ts';

/** The clock goes on by itself, and is put forward by hand over the waits. */
beforeEach(() => {
  vi.useFakeTimers({
    shouldAdvanceTime: true,
    toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'],
  });
});
afterEach(() => void vi.useRealTimers());

const standingTopic = 'p.work.retry.1m';
const envelopeOf = (record: InboundRecord | undefined) => JSON.parse(String(record?.headers.penstock));

async function recordsOnce(bench: RunnerBench, topic: string, count: number): Promise<InboundRecord[]> {
  return until(`${count} in ${topic}`, async () => {
    const records = await bench.records(topic);
    return records.length >= count ? records : undefined;
  });
}

async function committedIn(bench: RunnerBench, topic: string, offset: number): Promise<void> {
  await until(`${topic} to be committed to ${offset}`, async () => {
    const offsets = await (await bench.broker.admin()).groupOffsets('p.work', topic);
    return offsets.some(({ committed }) => committed?.offset === offset) ? true : undefined;
  });
}

describe('a task that would hold the commit back', () => {
  it('goes over the standing topic after a minute of its own, with its count, and what came after it is committed', async () => {
    const attempts: number[] = [];
    const bench = await RunnerBench.open({
      retry: { attempts: 4 },
      process(task) {
        if (task.payload.n > 0) return toNext(task.payload.n);
        attempts.push(task.attempt);
        if (task.attempt < 4) throw retryable('not yet', { afterMs: 50_000 });
        return toNext(task.payload.n);
      },
    });
    await bench.submitMany(3);
    const worker = await bench.start();
    await recordsOnce(bench, 'p.next', 2);
    expect((await bench.committed())?.offset ?? 0).toBe(0);
    vi.advanceTimersByTime(50_000);
    const [moved] = await recordsOnce(bench, standingTopic, 1);
    expect(envelopeOf(moved)).toMatchObject({ attempt: 3 });
    await bench.committedTo(3);
    await until('it to wait', () => (worker.stats()[0]?.queued === 1 ? true : undefined));
    vi.advanceTimersByTime(50_000);
    await until('the third', () => (attempts.length === 3 ? true : undefined));
    vi.advanceTimersByTime(50_000);
    await recordsOnce(bench, 'p.next', 3);
    expect(attempts).toEqual([1, 2, 3, 4]);
    await committedIn(bench, standingTopic, 1);
    expect(bench.audit.violations).toEqual([]);
  });

  it('and whose time is far off waits over the topic as often as it takes, never runs early, and counts no attempt', async () => {
    const starts: { at: number; attempt: number }[] = [];
    const bench = await RunnerBench.open({
      process(task) {
        if (task.id === 'later') starts.push({ at: Date.now(), attempt: task.attempt });
        return toNext(task.payload.n);
      },
    });
    const notBefore = Date.now() + 150_000;
    const headers = { penstock: JSON.stringify({ id: 'later', notBefore, tenant: 'a' }) };
    await bench.submit([{ key: 'k', headers }, { key: 'k' }]);
    await bench.start();
    await bench.committedTo(2);
    const [first] = await recordsOnce(bench, standingTopic, 1);
    expect(envelopeOf(first)).toMatchObject({ id: 'later', notBefore, tenant: 'a' });
    vi.advanceTimersByTime(60_000);
    await committedIn(bench, standingTopic, 1);
    const [, second] = await recordsOnce(bench, standingTopic, 2);
    expect(envelopeOf(second)).toEqual(envelopeOf(first));
    vi.advanceTimersByTime(notBefore - Date.now());
    await until('it', () => (starts.length === 1 ? true : undefined));
    expect(starts[0]?.at).toBeGreaterThanOrEqual(notBefore);
    expect(starts[0]?.attempt).toBe(1);
    const own = (await bench.rows()).filter((row) => row.taskId === 'later');
    const rows = own.sort((one, other) => one.eventTime - other.eventTime);
    expect(rows.at(-1)).toMatchObject({ outcome: 'ok', attempt: 1 });
    for (const row of rows.slice(0, -1)) expect(row).toMatchObject({ outcome: 'skipped', nextStage: 'work' });
    expect(bench.audit.violations).toEqual([]);
  });

  it('near its time waits in memory', async () => {
    const bench = await RunnerBench.open({});
    const headers = { penstock: JSON.stringify({ id: 'soon', notBefore: Date.now() + 59_000 }) };
    await bench.submit([{ key: 'k', headers }]);
    const worker = await bench.start();
    await until('it to wait', () => (worker.stats()[0]?.queued === 1 ? true : undefined));
    vi.advanceTimersByTime(60_000);
    await bench.committedTo(1);
    expect(await bench.records(standingTopic)).toEqual([]);
  });
});

describe('requeue', () => {
  it('puts the task at the end of its queue, overtaken by later ones of its key, and counts no attempt', async () => {
    const seen: { id: string; attempt: number }[] = [];
    const bench = await RunnerBench.open({
      retry: { attempts: 1 },
      process(task) {
        seen.push({ id: task.id, attempt: task.attempt });
        if (task.id === 'a' && seen.length < 5) throw requeue('no licence is free', { afterMs: 20 });
        return toNext(task.payload.n);
      },
    });
    const task = (id: string) => ({ key: 'k', headers: { penstock: `{"id":"${id}"}`, x: 'y' } });
    await bench.submit([task('a'), task('b')]);
    await bench.start();
    await recordsOnce(bench, 'p.next', 2);
    expect(seen.map(({ id }) => id)).toEqual(['a', 'b', 'a', 'a', 'a']);
    expect(new Set(seen.map(({ attempt }) => attempt))).toEqual(new Set([1]));
    const again = (await bench.records('p.work')).slice(2);
    expect(again.map((record) => envelopeOf(record).requeued)).toEqual([1, 2, 3]);
    expect(again.map((record) => String(record.headers.x))).toEqual(['y', 'y', 'y']);
    const onward = (await bench.records('p.next')).map(envelopeOf).find((each) => each.id === 'a');
    expect(onward).not.toHaveProperty('requeued');
    const rows = (await bench.rows()).filter((row) => row.taskId === 'a');
    expect(rows.map((row) => [row.outcome, row.errorCode, row.nextStage])).toEqual([
      ...Array.from({ length: 3 }, () => ['retry', 'PIPE_STAGE_REQUEUED', 'work']),
      ['ok', '', 'next'],
    ]);
    expect(bench.audit.violations).toEqual([]);
  });

  it('for long waits over a topic, where it costs no memory', async () => {
    const bench = await RunnerBench.open({
      process(task) {
        if (task.payload.n === 1 && Date.now() < due) throw requeue('in two minutes', { afterMs: 70_000 });
      },
    });
    const due = Date.now() + 70_000;
    await bench.submit([{ value: '{"n":1}' }]);
    await bench.start();
    await bench.committedTo(1);
    const [moved] = await recordsOnce(bench, standingTopic, 1);
    expect(envelopeOf(moved)).toMatchObject({ requeued: 1 });
  });

  it('ends in the dead letters after ten thousand times', async () => {
    const bench = await RunnerBench.open({
      process() {
        throw requeue();
      },
    });
    await bench.submit([{ key: 'k', headers: { penstock: '{"id":"a","requeued":10000}' } }]);
    await bench.start();
    const [letter] = await recordsOnce(bench, 'p.work.dlq', 1);
    expect(JSON.parse(String(letter?.headers['penstock-dead'])).code).toBe('PIPE_STAGE_REQUEUE_LIMIT');
  });
});
