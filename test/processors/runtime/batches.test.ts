import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { done, failed, reject, requeue, retryable, type Task, type TaskResult } from '../../../processors/stage.ts';
import { until } from '../../helpers/until.ts';
import { gate, type Payload, RunnerBench, type TaskInput, toNext } from './runner-bench.ts';

type Tasks = readonly Task<Payload>[];

const reasonOf = (record: { headers: Record<string, unknown> } | undefined) =>
  JSON.parse(String(record?.headers['penstock-dead']));
const task = (id: string, n: number, more: TaskInput = {}): TaskInput => ({
  key: id,
  value: `{"n":${n}}`,
  headers: { penstock: JSON.stringify({ id }) },
  ...more,
});
const allDone = (tasks: Tasks) => tasks.map((each) => done(each, toNext(each.payload.n)));

/** Rows as `id outcome attempt code`, in order of ids and attempts. */
async function endsOf(bench: RunnerBench, count: number): Promise<string[]> {
  const rows = await bench.rowsOnceEnded(count);
  return rows.map((row) => `${row.taskId} ${row.outcome} ${row.attempt} ${row.errorCode}`.trim()).toSorted();
}

describe('results of a batch', () => {
  it('each task has its own: handed on, fanned out, ended, rejected, tried again', async () => {
    const bench = await RunnerBench.open({
      processBatch: (tasks) =>
        tasks.map((each): TaskResult => {
          if (each.id === 'a') return done(each, toNext(each.payload.n));
          if (each.id === 'b') return done(each, [toNext(7), toNext(8)]);
          if (each.id === 'c') return done(each);
          if (each.id === 'd') return failed(each, reject('never'));
          if (each.id === 'e') return done(each, { stage: 'nowhere', payload: {} });
          return each.attempt === 1 ? failed(each, retryable('not yet')) : done(each, toNext(each.payload.n));
        }),
    });
    await bench.submit(['a', 'b', 'c', 'd', 'e', 'f'].map((id, n) => task(id, n)));
    const worker = await bench.start();
    expect(await endsOf(bench, 6)).toEqual([
      'a ok 1',
      'b ok 1',
      'c ok 1',
      'd dead 1 PIPE_STAGE_REJECTED',
      'e dead 1 PIPE_STAGE_UNKNOWN',
      'f ok 2',
      'f retry 1 PIPE_STAGE_RETRYABLE',
    ]);
    const values = (await bench.records('p.next')).map(({ value }) => String(value));
    expect(values.toSorted()).toEqual(['{"n":0}', '{"n":5}', '{"n":7}', '{"n":8}']);
    await bench.committedTo(6);
    expect(worker.stats()[0]).toMatchObject({ inFlight: 0, queued: 0, done: 4, failed: 2, retried: 1 });
    expect(bench.audit.violations).toEqual([]);
  });

  it('one that is left out is a failed attempt: tried again, put away for each delay, dead in the end, its count kept', async () => {
    const attempts: number[] = [];
    const bench = await RunnerBench.open({
      retry: { attempts: 2, delayed: ['5ms'] },
      processBatch(tasks) {
        attempts.push(...tasks.filter(({ id }) => id === 'a').map(({ attempt }) => attempt));
        return tasks.filter(({ id }) => id !== 'a').map((each) => done(each));
      },
    });
    await bench.submit([task('a', 1), task('b', 2)]);
    await bench.start();
    expect(await endsOf(bench, 2)).toEqual([
      'a dead 4 PIPE_STAGE_RESULT_MISSING',
      'a retry 1 PIPE_STAGE_RESULT_MISSING',
      'a retry 2 PIPE_STAGE_RESULT_MISSING',
      'a retry 3 PIPE_STAGE_RESULT_MISSING',
      'b ok 1',
    ]);
    expect(attempts).toEqual([1, 2, 3, 4]);
    const [letter] = await bench.records('p.work.dlq');
    expect(reasonOf(letter)).toMatchObject({ code: 'PIPE_STAGE_RESULT_MISSING', attempts: 4 });
    expect(bench.audit.violations).toEqual([]);
  });

  it('two records of one id in a batch are two tasks', async () => {
    const sizes: number[] = [];
    const bench = await RunnerBench.open({
      retry: { attempts: 1 },
      processBatch(tasks) {
        sizes.push(tasks.length);
        return tasks.filter(({ payload }) => payload.n === 1).map((each) => done(each, toNext(1)));
      },
    });
    await bench.submit([task('a', 1, { key: null }), task('a', 2, { key: null })]);
    await bench.start();
    expect(await endsOf(bench, 2)).toEqual(['a dead 1 PIPE_STAGE_RESULT_MISSING', 'a ok 1']);
    expect(sizes).toEqual([2]);
    expect((await bench.records('p.work.dlq')).map(({ value }) => String(value))).toEqual(['{"n":2}']);
  });

  it('those of foreign tasks, second ones and garbage are ignored, and the log says how many', async () => {
    const lines: string[] = [];
    const bench = await RunnerBench.open({
      processBatch(tasks) {
        const [first] = tasks;
        if (first === undefined) return [];
        const results: TaskResult[] = [done({ ...first, id: 'z' }), done(first), failed(first, reject('too late'))];
        return Object.assign(results, { 3: 7, 5: {} });
      },
    });
    await bench.submit([task('a', 1)]);
    await bench.start({ logger: pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) }) });
    expect(await endsOf(bench, 1)).toEqual(['a ok 1']);
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      expect.objectContaining({ level: 40, stage: 'work', ignored: 5, tasks: 1 }),
    ]);
  });

  it('what is thrown, or no list, is the failure of all, of each by its own attempt', async () => {
    const bench = await RunnerBench.open({
      async processBatch(tasks) {
        if (tasks.some(({ id }) => id === 'n')) return JSON.parse('7');
        throw new Error('the table is locked');
      },
    });
    const third = { headers: { penstock: '{"id":"c","attempt":3}' } };
    await bench.submit([task('a', 1, { headers: { penstock: '{"id":"a","attempt":2}' } }), task('c', 3, third)]);
    await bench.start();
    expect(await endsOf(bench, 2)).toEqual([
      'a dead 3 PIPE_STAGE_THREW',
      'a retry 2 PIPE_STAGE_THREW',
      'c dead 3 PIPE_STAGE_THREW',
    ]);
    await bench.submit([task('n', 4, { headers: { penstock: '{"id":"n","attempt":3}' } })]);
    expect((await endsOf(bench, 3)).at(-1)).toBe('n dead 3 PIPE_STAGE_RESULT_MISSING');
  });

  it('one may be a stream of outputs; its task is done with when the stream is, and the batch with it', async () => {
    const held = gate();
    const bench = await RunnerBench.open({
      concurrency: 1,
      batch: { maxSize: 2 },
      processBatch: (tasks) => tasks.map((each) => done(each, each.id === 'a' ? stream() : undefined)),
    });
    async function* stream() {
      for (let n = 0; n < 700; n++) yield toNext(n);
      await held.opened;
      yield toNext(700);
    }
    await bench.submit(['a', 'b', 'c'].map((id, n) => task(id, n)));
    const worker = await bench.start();
    expect(await endsOf(bench, 1)).toEqual(['b ok 1']);
    expect(worker.stats()[0]).toMatchObject({ inFlight: 1, queued: 1 });
    held.open();
    expect(await endsOf(bench, 3)).toEqual(['a ok 1', 'b ok 1', 'c ok 1']);
    expect((await bench.records('p.next')).length).toBe(701);
  });

  it('what cannot be run is in no batch', async () => {
    const seen: string[] = [];
    const bench = await RunnerBench.open({
      processBatch(tasks) {
        seen.push(...tasks.map(({ id }) => id));
        return allDone(tasks);
      },
    });
    const past = { headers: { penstock: '{"id":"past","expiresAt":1000000000000}' } };
    await bench.submit([task('a', 1), task('x', 2, { value: 'no json' }), task('past', 3, past), task('b', 4)]);
    await bench.start();
    expect(await endsOf(bench, 4)).toEqual(['a ok 1', 'b ok 1', 'past expired 1', 'x dead 1 PIPE_TASK_NOT_JSON']);
    expect(seen.toSorted()).toEqual(['a', 'b']);
  });

  it('a requeue is no failure', async () => {
    const bench = await RunnerBench.open({
      retry: { attempts: 1 },
      processBatch: (tasks) =>
        tasks.map((each) =>
          each.place.offset < 2 && each.id === 'a' ? failed(each, requeue('later', { afterMs: 1 })) : done(each),
        ),
    });
    await bench.submit([task('a', 1), task('b', 2)]);
    await bench.start();
    expect(await endsOf(bench, 2)).toEqual(['a ok 1', 'a retry 1 PIPE_STAGE_REQUEUED', 'b ok 1']);
  });
});

describe('a batch is over', () => {
  it('on timeout: its signal aborts, each task without an answer has failed, its late results count for nothing', async () => {
    const late: (() => void)[] = [];
    const reasons: string[] = [];
    const bench = await RunnerBench.open({
      timeoutMs: 20,
      concurrency: 1,
      retry: { attempts: 2 },
      processBatch(tasks, ctx) {
        ctx.signal.addEventListener('abort', () => reasons.push(ctx.signal.reason.code));
        return new Promise((resolve) => late.push(() => resolve(allDone(tasks))));
      },
    });
    await bench.submit([task('a', 1), task('b', 2)]);
    const worker = await bench.start();
    expect(await endsOf(bench, 2)).toEqual(
      ['a', 'b'].flatMap((id) => [`${id} dead 2 PIPE_STAGE_TIMEOUT`, `${id} retry 1 PIPE_STAGE_TIMEOUT`]),
    );
    for (const answer of late) answer();
    await bench.committedTo(2);
    expect(reasons).toEqual(late.map(() => 'PIPE_STAGE_TIMEOUT'));
    expect(await bench.records('p.next')).toEqual([]);
    expect(worker.stats()[0]).toMatchObject({ inFlight: 0, queued: 0, failed: 2 });
  });

  it('on timeout, and its handler knows before the next of a key begins', async () => {
    const events: string[] = [];
    const bench = await RunnerBench.open({
      timeoutMs: 20,
      retry: { attempts: 1 },
      batch: { maxSize: 3, maxWaitMs: 0 },
      processBatch(tasks, ctx) {
        events.push(tasks.map(({ payload }) => payload.n).join());
        if (tasks.some(({ payload }) => payload.n > 2)) return tasks.map((each) => done(each));
        ctx.signal.addEventListener('abort', () => events.push('abort'));
        return new Promise(() => undefined);
      },
    });
    await bench.submit(['a', 'b', 'c', 'a', 'b', 'c'].map((key, n) => ({ key, value: `{"n":${n}}` })));
    await bench.start();
    await bench.committedTo(6);
    expect(events.slice(0, 2)).toEqual(['0,1,2', 'abort']);
    expect(events.slice(2).join()).toBe('3,4,5');
  });

  it('when the partitions of all its tasks are lost; with some of them lost the others go on', async () => {
    const aborted: string[][] = [];
    const held = gate();
    const bench = await RunnerBench.open({
      partitions: 2,
      ordering: 'none',
      batch: { maxSize: 4 },
      async processBatch(tasks, ctx) {
        const partitions = tasks.map(({ place }) => `${place.partition}`);
        ctx.signal.addEventListener('abort', () => aborted.push(partitions));
        await held.opened;
        return allDone(tasks);
      },
    });
    const place = [0, 0, 0, 0, 1, 0, 1, 0, 1, 1, 1, 1];
    await bench.submit(place.map((partition, n) => task(`t${n}`, n, { partition })));
    const first = await bench.start({ drainMs: 20 });
    await until('all to run', () => (first.stats()[0]?.inFlight === 12 ? true : undefined));
    const second = await bench.start();
    await until('the second to run its half', () => (second.stats()[0]?.inFlight === 6 ? true : undefined));
    expect(first.stats()[0]).toMatchObject({ inFlight: 6, partitions: 1 });
    for (const partitions of aborted) expect(new Set(partitions).size).toBe(1);
    held.open();
    await bench.committedTo(6, 0);
    await bench.committedTo(6, 1);
    expect((await endsOf(bench, 12)).length).toBe(12);
    expect((await bench.records('p.next')).length).toBe(12);
    expect(bench.audit.violations).toEqual([]);
  });

  it('when the worker stops: what is left unanswered is no failure and not committed', async () => {
    let reason = '';
    const bench = await RunnerBench.open({
      processBatch: (_tasks, ctx) =>
        new Promise((_resolve, fail) => {
          ctx.signal.addEventListener('abort', () => {
            reason = ctx.signal.reason.code;
            fail(ctx.signal.reason);
          });
        }),
    });
    await bench.submit([task('a', 1), task('b', 2)]);
    const worker = await bench.start({ drainMs: 20 });
    await until('both to run', () => (worker.stats()[0]?.inFlight === 2 ? true : undefined));
    await worker.stop();
    expect(reason).toBe('PIPE_STAGE_STOPPED');
    expect(await bench.rows()).toEqual([]);
    expect((await bench.committed())?.offset ?? 0).toBe(0);
  });
});
