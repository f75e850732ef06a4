import { describe, expect, it } from 'vitest';
import { PenstockError } from '../../../schemas/errors.ts';
import { until } from '../../helpers/until.ts';
import { gate, RunnerBench, toNext } from './runner-bench.ts';

const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setTimeout(resolve, 1));
};

describe('nothing is committed before it is durable', () => {
  it('a commit waits for the acknowledgement of outputs and rows', async () => {
    const bench = await RunnerBench.open({});
    await bench.submitMany(50);
    const release = bench.broker.faults.holdAcks();
    const worker = await bench.start();
    await until('the handlers to end', () => (worker.stats()[0]?.done === 50 ? true : undefined));
    await turns(30);
    expect((await bench.committed())?.offset ?? 0).toBe(0);
    expect(worker.stats()[0]?.queued).toBe(50);
    release();
    await bench.committedTo(50);
    expect(bench.audit.violations).toEqual([]);
  });

  it('a refused send is sent again until it is taken; a lost answer costs a repeat, not a loss', async () => {
    const bench = await RunnerBench.open({});
    await bench.submitMany(20);
    bench.broker.faults.failNextSend();
    bench.broker.faults.loseNextAnswer();
    bench.broker.faults.failNextSend({ error: new TypeError('a defect of the client') });
    await bench.start();
    await bench.committedTo(20);
    const values = (await bench.records('p.next')).map((record) => String(record.value));
    expect(new Set(values).size).toBe(20);
    expect(values.length).toBeGreaterThan(20);
    expect(bench.audit.violations).toEqual([]);
  });

  it('a dead letter that its topic refuses as too large goes without its bytes; the others go whole', async () => {
    const bench = await RunnerBench.open({
      ordering: 'none',
      process() {
        throw new PenstockError('PIPE_STAGE_REJECTED', 'no');
      },
    });
    await bench.submitMany(3);
    const error = new PenstockError('PIPE_TASK_TOO_LARGE', 'larger than the topic takes');
    // All three together, then the first two, then the first alone; only its stub is taken.
    for (let each = 0; each < 3; each++) bench.broker.faults.failNextSend({ topic: 'p.work.dlq', error });
    await bench.start();
    await bench.committedTo(3);
    const letters = await bench.records('p.work.dlq');
    expect(letters.map(({ value }) => value === null)).toEqual([true, false, false]);
    const reason = JSON.parse(String(letters[0]?.headers['penstock-dead']));
    expect(reason).toMatchObject({ topic: 'p.work', offset: 0, code: 'PIPE_STAGE_REJECTED' });
    expect(reason.omittedBytes).toBeGreaterThan(0);
  });

  it('a dead letter topic out of order holds the dead task back, and nobody else', async () => {
    const bench = await RunnerBench.open({
      ordering: 'none',
      process(task) {
        if (task.payload.n === 3) throw new PenstockError('PIPE_STAGE_REJECTED', 'no');
        return toNext(task.payload.n);
      },
    });
    await bench.submitMany(10);
    let away = true;
    const error = new PenstockError('PIPE_TOPIC_UNKNOWN', 'the topic is away');
    for (let each = 0; each < 200; each++) bench.broker.faults.failNextSend({ topic: 'p.work.dlq', error });
    const worker = await bench.start();
    await until('the others', async () => ((await bench.records('p.next')).length === 9 ? true : undefined));
    await bench.committedTo(3);
    expect(worker.stats()[0]?.queued).toBe(1);
    expect((await bench.rows()).some((row) => row.outcome === 'dead')).toBe(false);
    await worker.stop();
    expect((await bench.committed())?.offset).toBe(3);

    away = false;
    while (bench.broker.faults.takeSendFault(new Set(['p.work.dlq']))) expect(away).toBe(false);
    await bench.start();
    await bench.committedTo(10);
    expect((await bench.records('p.work.dlq')).length).toBe(1);
    expect((await bench.records('p.next')).length).toBe(9);
    expect(bench.audit.violations).toEqual([]);
  });

  it('a commit that fails is named again by the next', async () => {
    const bench = await RunnerBench.open({});
    for (let each = 0; each < 3; each++) bench.broker.faults.failNextCommit();
    await bench.submitMany(5);
    await bench.start();
    await bench.committedTo(5);
  });
});

describe('restart', () => {
  it('repeats only what was not finished, though finished offsets stand above it', async () => {
    const held = gate();
    const runs: number[] = [];
    const bench = await RunnerBench.open({
      ordering: 'none',
      concurrency: 4,
      async process(task) {
        runs.push(task.payload.n);
        if (task.payload.n === 2 && runs.filter((n) => n === 2).length === 1) await held.opened;
      },
    });
    await bench.submitMany(40);
    const worker = await bench.start({ drainMs: 5 });
    await bench.rowsOnceEnded(39);
    await bench.committedTo(2);
    await worker.stop();
    await bench.start();
    await bench.committedTo(40);
    expect(runs.length).toBe(41);
    expect(runs.filter((n) => n === 2).length).toBe(2);
    expect(bench.audit.violations).toEqual([]);
  });

  it('stop lets handlers end, starts none, commits, and gives the rest to the next worker once', async () => {
    const running = gate();
    const held = gate();
    const runs: number[] = [];
    const bench = await RunnerBench.open({
      concurrency: 2,
      async process(task) {
        runs.push(task.payload.n);
        if (runs.length === 2) running.open();
        await held.opened;
      },
    });
    await bench.submitMany(10);
    const worker = await bench.start();
    await running.opened;
    const stopped = worker.stop();
    await turns(10);
    held.open();
    await stopped;
    expect(runs).toEqual([0, 1]);
    expect((await bench.committed())?.offset).toBe(2);
    expect(bench.broker.memberIds('p.work')).toEqual([]);
    await bench.start();
    await bench.committedTo(10);
    expect(runs.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('past the drain limit handlers are aborted; that is no failure and acknowledges nothing', async () => {
    const reasons: string[] = [];
    let first = true;
    const bench = await RunnerBench.open({
      process(_task, ctx) {
        if (!first) return undefined;
        first = false;
        return new Promise((_resolve, refuse) => {
          ctx.signal.addEventListener('abort', () => {
            reasons.push(ctx.signal.reason.code);
            refuse(ctx.signal.reason);
          });
        });
      },
    });
    await bench.submitMany(1);
    const worker = await bench.start({ drainMs: 10 });
    await until('the handler', () => (worker.stats()[0]?.inFlight === 1 ? true : undefined));
    await worker.stop();
    expect(reasons).toEqual(['PIPE_STAGE_STOPPED']);
    expect(await bench.rows()).toEqual([]);
    expect((await bench.committed())?.offset ?? 0).toBe(0);
    await bench.start();
    expect((await bench.rowsOnceEnded(1)).map((row) => [row.outcome, row.attempt])).toEqual([['ok', 1]]);
  });
});

describe('order and slots', () => {
  it('tasks of a key run one after another, in order, retries included; keys run side by side', async () => {
    const ends: string[] = [];
    const failed = new Set<string>();
    let now = 0;
    let most = 0;
    const bench = await RunnerBench.open({
      concurrency: 8,
      partitions: 2,
      async process(task) {
        now++;
        most = Math.max(most, now);
        await turns(1);
        now--;
        const name = `${task.key}:${task.payload.n}`;
        if (task.payload.n % 3 === 0 && !failed.has(name)) {
          failed.add(name);
          throw new Error('once');
        }
        ends.push(name);
      },
    });
    const keys = ['a', 'b', 'c', 'd', 'e'];
    await bench.submit(Array.from({ length: 60 }, (_, n) => ({ key: keys[n % 5] ?? 'a', value: `{"n":${n}}` })));
    await bench.start();
    await bench.rowsOnceEnded(60);
    for (const key of keys) {
      const order = ends.filter((name) => name.startsWith(key)).map((name) => Number(name.slice(2)));
      expect(order).toEqual(order.toSorted((x, y) => x - y));
      expect(order).toHaveLength(12);
    }
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(5);
  });

  it('ordering partition runs a partition’s tasks in order; none runs as many as there are slots', async () => {
    for (const [ordering, expected] of [
      ['partition', 2],
      ['none', 6],
    ] as const) {
      let now = 0;
      let most = 0;
      const bench = await RunnerBench.open({
        ordering,
        partitions: 2,
        concurrency: 6,
        async process() {
          now++;
          most = Math.max(most, now);
          await turns(1);
          now--;
        },
      });
      await bench.submit(Array.from({ length: 40 }, (_, n) => ({ key: 'same', partition: n % 2 })));
      await bench.start();
      await bench.rowsOnceEnded(40);
      expect(most).toBe(expected);
    }
  });

  it('a task that waits for its retry holds no slot', async () => {
    let failures = 0;
    const bench = await RunnerBench.open({
      concurrency: 1,
      retry: { attempts: 2, firstDelayMs: 10_000 },
      process(task) {
        if (task.payload.n > 0) return;
        failures++;
        throw new PenstockError('PIPE_STAGE_RETRYABLE', 'later', { afterMs: 300 });
      },
    });
    await bench.submitMany(20);
    const worker = await bench.start();
    await until('the others', () => (worker.stats()[0]?.done === 19 ? true : undefined));
    expect(failures).toBe(1);
  });

  it('a blocked partition fills its share and is paused; the others go on to their end', async () => {
    const held = gate();
    const bench = await RunnerBench.open({
      ordering: 'partition',
      partitions: 2,
      process: (task) => (task.place.partition === 0 ? held.opened.then(() => undefined) : undefined),
    });
    await bench.submitMany(6_000, { partition: 0 });
    await bench.submitMany(6_000, { partition: 1 });
    const worker = await bench.start({ commitIntervalMs: 2_000 });
    await until('the free partition', () => (worker.stats()[0]?.done === 6_000 ? true : undefined));
    expect((worker.stats()[0]?.queued ?? 0) < 4_000).toBe(true);
    held.open();
    await bench.committedTo(6_000, 0);
    await bench.committedTo(6_000, 1);
  });
});
