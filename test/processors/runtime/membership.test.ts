import { describe, expect, it } from 'vitest';
import { PenstockError } from '../../../schemas/errors.ts';
import { until } from '../../helpers/until.ts';
import { gate, RunnerBench, toNext } from './runner-bench.ts';

describe('membership', () => {
  it('a rebalance that keeps the partition repeats nothing, though everything is fetched again', async () => {
    const held = gate();
    const runs: number[] = [];
    const bench = await RunnerBench.open({
      ordering: 'none',
      concurrency: 100,
      async process(task) {
        runs.push(task.payload.n);
        if (task.payload.n % 2 === 0) await held.opened;
        return toNext(task.payload.n);
      },
    });
    await bench.submitMany(50);
    const worker = await bench.start();
    await until('the odd ones', () => (worker.stats()[0]?.done === 25 ? true : undefined));
    bench.broker.rebalance('p.work');
    bench.broker.rebalance('p.work');
    await bench.submitMany(1);
    await until('a task after it', () => (runs.length === 51 ? true : undefined));
    held.open();
    await bench.committedTo(51);
    expect(runs.length).toBe(51);
    expect((await bench.records('p.next')).length).toBe(51);
    expect(bench.audit.violations).toEqual([]);
  });

  it('a lost partition: handlers are told, their results count for nothing, the new owner runs the tasks', async () => {
    const reasons: string[] = [];
    const owners = new Map<number, Set<string>>();
    const held = gate();
    const bench = await RunnerBench.open({
      partitions: 2,
      ordering: 'none',
      concurrency: 100,
      async process(task, ctx) {
        ctx.signal.addEventListener('abort', () => reasons.push(ctx.signal.reason.code));
        owners.set(task.payload.n, new Set(owners.get(task.payload.n)).add(String(task.place.partition)));
        await held.opened;
        return toNext(task.payload.n);
      },
    });
    await bench.submit(Array.from({ length: 20 }, (_, n) => ({ partition: n % 2, value: `{"n":${n}}` })));
    const first = await bench.start();
    await until('all to run', () => (first.stats()[0]?.inFlight === 20 ? true : undefined));
    const second = await bench.start();
    await until('the second to run its half', () => (second.stats()[0]?.inFlight === 10 ? true : undefined));
    expect(reasons).toEqual(Array.from({ length: 10 }, () => 'PIPE_STAGE_PARTITION_LOST'));
    expect(first.stats()[0]).toMatchObject({ inFlight: 10, partitions: 1 });
    held.open();
    await bench.committedTo(10, 0);
    await bench.committedTo(10, 1);
    expect((await bench.records('p.next')).length).toBe(20);
    expect(bench.audit.violations).toEqual([]);
  });

  it('what waits to be written when its partition goes is not written; the new owner writes it', async () => {
    const bench = await RunnerBench.open({ partitions: 2, ordering: 'none' });
    const submit = (from: number) =>
      bench.submit(Array.from({ length: 10 }, (_, n) => ({ partition: n % 2, value: `{"n":${from + n}}` })));
    const release = bench.broker.faults.holdAcks();
    const first = await bench.start();
    void submit(0);
    await until('a send without an answer', async () =>
      (await bench.records('p.next')).length > 0 ? true : undefined,
    );
    void submit(100);
    await until('a batch behind it', () => (first.stats()[0]?.done === 20 ? true : undefined));
    await bench.start();
    await until('the loss', () => (first.stats()[0]?.partitions === 1 ? true : undefined));
    release();
    await bench.committedTo(10, 0);
    await bench.committedTo(10, 1);
    const behind = (await bench.records('p.next'))
      .map((record) => String(record.value))
      .filter((value) => /1\d\d/.test(value));
    expect(behind.toSorted()).toEqual(Array.from({ length: 10 }, (_, n) => `{"n":${100 + n}}`));
    expect(first.stats()[0]).toMatchObject({ queued: 0, inFlight: 0 });
    expect(bench.audit.violations).toEqual([]);
  });

  it('a frozen worker wakes as a zombie: what it finished counts for nothing, nothing is lost', async () => {
    const held = gate();
    let runs = 0;
    const bench = await RunnerBench.open({
      ordering: 'none',
      concurrency: 100,
      async process(task) {
        runs++;
        if (runs <= 10) await held.opened;
        return toNext(task.payload.n);
      },
    });
    await bench.submitMany(10);
    await bench.start();
    await until('all to run', () => (runs === 10 ? true : undefined));
    const [zombie = ''] = bench.broker.memberIds('p.work');
    bench.broker.freeze(zombie);
    await bench.start();
    await bench.committedTo(10);
    bench.broker.thaw(zombie);
    held.open();
    await bench.submitMany(5);
    await bench.committedTo(15);
    expect(runs).toBe(25);
    expect(bench.audit.violations).toEqual([]);
  });

  it('a crashed consumer fails the worker with its error', async () => {
    const bench = await RunnerBench.open({});
    const worker = await bench.start();
    const [member = ''] = bench.broker.memberIds('p.work');
    bench.broker.crash(member, new PenstockError('PIPE_CONSUMER_SILENT', 'gone'));
    expect(await worker.failed).toMatchObject({ code: 'PIPE_CONSUMER_SILENT' });
    await worker.stop();
  });

  it('a partition that was paused and lost is read again when it returns', async () => {
    const held = gate();
    const bench = await RunnerBench.open({ ordering: 'partition', process: () => held.opened.then(() => undefined) });
    await bench.submitMany(5_000);
    const worker = await bench.start();
    await until('the queue to fill', () => ((worker.stats()[0]?.queued ?? 0) >= 1_900 ? true : undefined));
    bench.broker.rebalance('p.work');
    held.open();
    await bench.committedTo(5_000);
  });
});
