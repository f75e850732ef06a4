import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { done, type Task } from '../../../processors/stage.ts';
import { until } from '../../helpers/until.ts';
import { gate, type Payload, RunnerBench, type WorkDefinition } from './runner-bench.ts';

/** The clock stands still unless it is put forward, so that no wait is over by chance. */
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] });
});
afterEach(() => void vi.useRealTimers());

const longMs = 10_000;

/** A stage that notes its batches, as lists of n. */
async function openNoting(more: Partial<Omit<Extract<WorkDefinition, { processBatch: unknown }>, 'process'>>) {
  const batches: number[][] = [];
  const bench = await RunnerBench.open({
    async processBatch(tasks: readonly Task<Payload>[]) {
      batches.push(tasks.map(({ payload }) => payload.n));
      return tasks.map((each) => done(each));
    },
    ...more,
  });
  return { bench, batches };
}

describe('forming a batch', () => {
  it('a full one goes out at once; what is left over waits', async () => {
    const { bench, batches } = await openNoting({ batch: { maxSize: 3, maxWaitMs: longMs } });
    await bench.submitMany(8);
    const worker = await bench.start();
    await bench.committedTo(6);
    expect(batches).toEqual([
      [0, 1, 2],
      [3, 4, 5],
    ]);
    expect(worker.stats()[0]).toMatchObject({ inFlight: 0, queued: 2 });
    await bench.submitMany(1);
    await bench.committedTo(9);
    expect(batches.at(-1)).toEqual([6, 7, 0]);
  });

  it('with fewer goes out when its wait is over, with all that came meanwhile', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'], shouldAdvanceTime: true });
    const { bench, batches } = await openNoting({ batch: { maxWaitMs: longMs } });
    await bench.submitMany(2);
    const worker = await bench.start();
    await until('both to wait', () => (worker.stats()[0]?.queued === 2 ? true : undefined));
    await bench.submitMany(1, { key: 'late' });
    await until('all to wait', () => (worker.stats()[0]?.queued === 3 ? true : undefined));
    expect(batches).toEqual([]);
    vi.advanceTimersByTime(longMs);
    await bench.committedTo(3);
    expect(batches).toEqual([[0, 1, 0]]);
  });

  it('waits for nobody with a wait of 0', async () => {
    const { bench, batches } = await openNoting({ batch: { maxWaitMs: 0 } });
    await bench.submitMany(5);
    await bench.start();
    await bench.committedTo(5);
    expect(batches.flat()).toEqual([0, 1, 2, 3, 4]);
  });

  it('what stands behind a batch goes out together when it is over', async () => {
    const { bench, batches } = await openNoting({ batch: { maxWaitMs: 0 } });
    await bench.submit(['a', 'b', 'c', 'a', 'b', 'c'].map((key, n) => ({ key, value: `{"n":${n}}` })));
    await bench.start();
    await bench.committedTo(6);
    expect(batches).toEqual([
      [0, 1, 2],
      [3, 4, 5],
    ]);
  });

  it('has one task of a key at most, and does not wait for those that stand behind its own', async () => {
    const { bench, batches } = await openNoting({ batch: { maxWaitMs: longMs } });
    const keys = ['a', 'b', 'a', 'a', 'b', 'c', 'a'];
    await bench.submit(keys.map((key, n) => ({ key, value: `{"n":${n}}` })));
    const worker = await bench.start();
    await bench.committedTo(6);
    expect(batches).toEqual([[0, 1, 5], [2, 4], [3]]);
    expect(worker.stats()[0]).toMatchObject({ inFlight: 0, queued: 1 });
  });

  it('has one task of a partition at most where that is the order', async () => {
    const { bench, batches } = await openNoting({ ordering: 'partition', partitions: 2, batch: { maxWaitMs: longMs } });
    await bench.submit(Array.from({ length: 6 }, (_, n) => ({ partition: n % 2, value: `{"n":${n}}` })));
    await bench.start();
    await until('all but the last', () => (batches.flat().length >= 4 ? true : undefined));
    for (const batch of batches) expect(new Set(batch.map((n) => n % 2)).size).toBe(batch.length);
    for (const parity of [0, 1]) {
      const seen = batches.flat().filter((n) => n % 2 === parity);
      expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    }
  });

  it('concurrency counts batches', async () => {
    const held = gate();
    const sizes: number[] = [];
    const bench = await RunnerBench.open({
      concurrency: 2,
      batch: { maxSize: 3, maxWaitMs: 0 },
      async processBatch(tasks) {
        sizes.push(tasks.length);
        await held.opened;
        return tasks.map((each) => done(each));
      },
    });
    await bench.submitMany(20);
    const worker = await bench.start();
    await until('all to be taken', () => (worker.stats()[0]?.queued === 14 ? true : undefined));
    expect(sizes).toEqual([3, 3]);
    expect(worker.stats()[0]).toMatchObject({ inFlight: 6, queued: 14 });
    held.open();
    await bench.committedTo(20);
    expect(sizes.every((size) => size <= 3)).toBe(true);
  });

  it('concurrency counts batches, however small', async () => {
    const held = gate();
    const sizes: number[] = [];
    const bench = await RunnerBench.open({
      concurrency: 2,
      batch: { maxSize: 3, maxWaitMs: 0 },
      async processBatch(tasks) {
        sizes.push(tasks.length);
        await held.opened;
        return tasks.map((each) => done(each));
      },
    });
    const worker = await bench.start();
    for (const taken of [1, 2, 3, 4]) {
      await bench.submitMany(1, { key: `k${taken}` });
      const all = () => (worker.stats()[0]?.inFlight ?? 0) + (worker.stats()[0]?.queued ?? 0);
      await until('it to be taken', () => (all() === taken ? true : undefined));
    }
    expect(sizes).toEqual([1, 1]);
    expect(worker.stats()[0]).toMatchObject({ inFlight: 2, queued: 2 });
    held.open();
    await bench.committedTo(4);
    expect(sizes).toEqual([1, 1, 2]);
  });

  it('leaves out those whose time is over when it goes out', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'], shouldAdvanceTime: true });
    const { bench, batches } = await openNoting({ batch: { maxWaitMs: longMs } });
    const header = JSON.stringify({ id: 'a', expiresAt: Date.now() + longMs / 2 });
    await bench.submit([
      { key: 'a', value: '{"n":1}', headers: { penstock: header } },
      { key: 'b', value: '{"n":2}' },
    ]);
    const worker = await bench.start();
    await until('both to wait', () => (worker.stats()[0]?.queued === 2 ? true : undefined));
    vi.advanceTimersByTime(longMs);
    await bench.committedTo(2);
    expect(batches).toEqual([[2]]);
    expect((await bench.rows()).map((row) => [row.offset, row.outcome]).toSorted()).toEqual([
      [0, 'expired'],
      [1, 'ok'],
    ]);
  });

  it('what is gathered when its partition goes runs at the new owner alone', async () => {
    const { bench, batches } = await openNoting({
      partitions: 2,
      ordering: 'none',
      batch: { maxSize: 4, maxWaitMs: longMs },
    });
    await bench.submit([0, 1, 1].map((partition, n) => ({ partition, value: `{"n":${n}}` })));
    const first = await bench.start();
    await until('all to wait', () => (first.stats()[0]?.queued === 3 ? true : undefined));
    const second = await bench.start();
    const queued = () => [first, second].map((worker) => worker.stats()[0]?.queued ?? 0);
    await until('each to have its own', () => (queued().toSorted().join() === '1,2' ? true : undefined));
    const fill = [0, 0, 0, 1, 1].map((partition) => ({ partition, value: '{"n":9}' }));
    await bench.submit(fill);
    await bench.committedTo(4, 0);
    await bench.committedTo(4, 1);
    expect(batches.map((batch) => batch.toSorted().join()).toSorted()).toEqual(['0,9,9,9', '1,2,9,9']);
    expect(bench.audit.violations).toEqual([]);
  });
});
