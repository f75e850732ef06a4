import { describe, expect, it } from 'vitest';
import { done, result } from '../../../processors/stage.ts';
import { readTaskEnding } from '../../../schemas/task-ending.ts';
import { cancelRecord } from '../../../topics/control/cancel-order.ts';
import { until } from '../../helpers/until.ts';
import { gate, RunnerBench, toNext } from './runner-bench.ts';

async function cancel(bench: RunnerBench, taskIds: string[], scope: { tenant?: string; pipeline?: string } = {}) {
  const producer = await bench.broker.producer();
  const order = { taskIds, at: Date.now(), by: 'test', pipeline: '', tenant: '', ...scope };
  await producer.send([cancelRecord(bench.codec, order)]);
}

const withId = (id: string, more: object = {}) => ({ penstock: JSON.stringify({ id, watched: true, ...more }) });

async function endings(bench: RunnerBench) {
  return (await bench.records('p.done')).map(({ value }) => readTaskEnding(value));
}

/** A handler that says when it runs, and answers only when its signal aborts. */
function patient() {
  const started = gate();
  const reasons: unknown[] = [];
  const process = (_task: unknown, ctx: { signal: AbortSignal }): Promise<undefined> => {
    started.open();
    return new Promise((_resolve, reject) => {
      ctx.signal.addEventListener('abort', () => {
        reasons.push(ctx.signal.reason);
        reject(ctx.signal.reason);
      });
    });
  };
  return { started, reasons, process };
}

describe('a cancelled task', () => {
  it('that runs is told so, ends as cancelled, and frees its lane', async () => {
    const { started, reasons, process } = patient();
    let runs = 0;
    const bench = await RunnerBench.open({
      concurrency: 1,
      process: (task, ctx) => (runs++ === 0 ? process(task, ctx) : undefined),
    });
    await bench.start();
    await bench.submit([
      { key: 'k', headers: withId('one') },
      { key: 'k', headers: withId('two') },
    ]);
    await started.opened;
    await cancel(bench, ['one']);
    const rows = await bench.rowsOnceEnded(2);
    expect(rows.map(({ taskId, outcome }) => [taskId, outcome])).toEqual([
      ['one', 'cancelled'],
      ['two', 'ok'],
    ]);
    expect(reasons).toMatchObject([{ code: 'PIPE_TASK_CANCELLED' }]);
    expect((await endings(bench)).map((ending) => [ending?.id, ending?.state]).toSorted()).toEqual([
      ['one', 'cancelled'],
      ['two', 'succeeded'],
    ]);
    await bench.committedTo(2);
    expect(bench.audit.violations).toEqual([]);
  });

  it('that is queued is skipped when it is met, also by a worker that starts later', async () => {
    const bench = await RunnerBench.open({});
    await cancel(bench, ['two', 'three']);
    await bench.submit(['one', 'two', 'three'].map((id) => ({ key: id, headers: withId(id) })));
    const worker = await bench.start();
    const rows = await bench.rowsOnceEnded(3);
    expect(Object.fromEntries(rows.map(({ taskId, outcome }) => [taskId, outcome]))).toEqual({
      one: 'ok',
      two: 'cancelled',
      three: 'cancelled',
    });
    expect((await bench.records('p.next')).map(({ key }) => String(key))).toEqual(['one']);
    expect(worker.stats()).toMatchObject([{ done: 1, cancelled: 2 }]);
  });

  it('hands nothing on, whatever its handler returns later', async () => {
    const started = gate();
    const answer = gate();
    const bench = await RunnerBench.open({
      process: async () => {
        started.open();
        await answer.opened;
        return toNext(1);
      },
    });
    await bench.start();
    await bench.submit([{ key: 'one', headers: withId('one') }]);
    await started.opened;
    await cancel(bench, ['one']);
    await bench.rowsOnceEnded(1);
    answer.open();
    await bench.committedTo(1);
    expect(await bench.records('p.next')).toEqual([]);
    expect((await bench.rows()).map(({ outcome }) => outcome)).toEqual(['cancelled']);
  });

  it('waits for no next attempt', async () => {
    let runs = 0;
    const bench = await RunnerBench.open({
      retry: { attempts: 5, firstDelayMs: 1, maxDelayMs: 1 },
      process: async () => {
        runs++;
        if (runs === 1) await cancel(bench, ['one']);
        throw new Error('again');
      },
    });
    await bench.start();
    await bench.submit([{ key: 'one', headers: withId('one') }]);
    const rows = await bench.rowsOnceEnded(1);
    expect(rows.at(-1)?.outcome).toBe('cancelled');
    expect(runs).toBeLessThan(5);
  });

  it('of another tenant or pipeline is not meant', async () => {
    const bench = await RunnerBench.open({});
    await cancel(bench, ['one'], { tenant: 'other' });
    await cancel(bench, ['one'], { pipeline: 'q' });
    await cancel(bench, ['two'], { tenant: 'acme', pipeline: 'p' });
    await bench.submit(['one', 'two'].map((id) => ({ key: id, headers: withId(id, { tenant: 'acme' }) })));
    await bench.start();
    const rows = await bench.rowsOnceEnded(2);
    expect(Object.fromEntries(rows.map(({ taskId, outcome }) => [taskId, outcome]))).toEqual({
      one: 'ok',
      two: 'cancelled',
    });
  });

  it('leaves the others of its batch alone', async () => {
    const started = gate();
    const answer = gate();
    const aborts: boolean[] = [];
    const bench = await RunnerBench.open({
      batch: { maxSize: 3, maxWaitMs: 1_000 },
      processBatch: async (tasks, ctx) => {
        started.open();
        await answer.opened;
        aborts.push(ctx.signal.aborted);
        return tasks.map((task) => done(task));
      },
    });
    await bench.start();
    await bench.submit(['one', 'two', 'three'].map((id) => ({ key: id, headers: withId(id) })));
    await started.opened;
    await cancel(bench, ['two']);
    await until('its end', async () => ((await bench.rows()).length === 1 ? true : undefined));
    answer.open();
    const rows = await bench.rowsOnceEnded(3);
    expect(rows.map(({ taskId, outcome }) => `${taskId} ${outcome}`).toSorted()).toEqual([
      'one ok',
      'three ok',
      'two cancelled',
    ]);
    expect(aborts).toEqual([false]);
  });

  it('is cancelled although the registry was away when the order came', async () => {
    const bench = await RunnerBench.open({});
    await cancel(bench, ['one']);
    const [order] = await bench.records('penstock.control');
    bench.codec.unreadable = String(order?.value);
    await bench.start();
    bench.codec.unreadable = undefined;
    await until('the order is read', async () => {
      await bench.submit([{ key: 'one', headers: withId('one') }]);
      const rows = await bench.rows();
      return rows.some(({ outcome }) => outcome === 'cancelled') ? true : undefined;
    });
  });

  it('is not ended by orders that are none', async () => {
    const bench = await RunnerBench.open({});
    const producer = await bench.broker.producer();
    const values = ['no JSON', '{"kind":"cancel"}', '{"kind":"unknown","taskIds":["one"]}', null];
    await producer.send(
      values.map((value) => ({
        topic: 'penstock.control',
        key: 'x',
        value: value === null ? null : Buffer.from(value),
      })),
    );
    await bench.start();
    await bench.submit([{ key: 'one', headers: withId('one') }]);
    expect((await bench.rowsOnceEnded(1)).map(({ outcome }) => outcome)).toEqual(['ok']);
  });
});

describe('the end of a task', () => {
  it('is told with its result, its error, or the number of its children, where somebody waits for it', async () => {
    const blob = { key: 'p/a', sizeBytes: 3, sha256: 'ff', contentType: 'text/plain' };
    const bench = await RunnerBench.open({
      retry: { attempts: 1 },
      process: ({ id }) => {
        if (id === 'dead') throw new Error('it broke');
        if (id === 'many') return [toNext(1), toNext(2)];
        return id === 'next' ? toNext(1) : result({ rows: 3 }, { blob });
      },
    });
    await bench.start();
    const ids = ['plain', 'dead', 'many', 'next', 'late'];
    await bench.submit([
      ...ids.map((id) => ({ key: id, headers: withId(id, id === 'late' ? { expiresAt: 1 } : { tenant: 'acme' }) })),
      { key: 'unwatched', headers: { penstock: '{"id":"unwatched"}' } },
    ]);
    const rows = await bench.rowsOnceEnded(6);
    await bench.committedTo(6);
    const told = await endings(bench);
    expect(told.map((ending) => ending?.id).toSorted()).toEqual(['dead', 'late', 'many', 'plain']);
    const of = (id: string) => told.find((ending) => ending?.id === id);
    expect(of('plain')).toMatchObject({ state: 'succeeded', result: { rows: 3 }, blob, root: 'plain', tenant: 'acme' });
    expect(of('dead')).toMatchObject({ state: 'dead', error: { code: 'PIPE_STAGE_THREW', message: 'it broke' } });
    expect(of('many')).toMatchObject({ state: 'succeeded', children: 2 });
    expect(of('late')).toMatchObject({ state: 'expired' });
    const attrs = rows.find(({ taskId }) => taskId === 'plain')?.attrs;
    expect(attrs).toEqual({ result: '{"rows":3}', blob: JSON.stringify(blob) });
    const children = (await bench.records('p.next')).map(({ headers }) => JSON.parse(String(headers.penstock)));
    expect(children.filter(({ parent }) => parent === 'many')).toMatchObject([{ watched: true }, { watched: true }]);
    expect(bench.audit.violations).toEqual([]);
  });

  it('refuses results that are no JSON, too large, or no blob', async () => {
    const hostile: Record<string, () => unknown> = {
      bigint: () => result(1n),
      function: () => result(() => 1),
      large: () => result('x'.repeat(70_000)),
      blob: () => ({ result: 1, blob: { key: 3 } }),
    };
    const bench = await RunnerBench.open({
      retry: { attempts: 1 },
      // What JavaScript may return.
      process: ({ id }) => hostile[id]?.() as undefined,
    });
    await bench.start();
    await bench.submit(Object.keys(hostile).map((id) => ({ key: id, headers: withId(id) })));
    const rows = await bench.rowsOnceEnded(4);
    const codes = Object.fromEntries(rows.map(({ taskId, errorCode }) => [taskId, errorCode]));
    const invalid = 'PIPE_STAGE_OUTPUT_INVALID';
    expect(codes).toEqual({
      ...{ bigint: invalid, function: invalid, blob: invalid },
      large: 'PIPE_STAGE_RESULT_TOO_LARGE',
    });
  });
});

describe('an attempt that runs for long', () => {
  it('is announced with its progress, once for each change; a short one is not', async () => {
    const steps = [gate(), gate()];
    const bench = await RunnerBench.open({
      process: async (task, ctx) => {
        if (task.id !== 'long') return undefined;
        ctx.progress({ fraction: 0.25, note: 'reading' });
        await steps[0]?.opened;
        ctx.progress({ fraction: 7 });
        await steps[1]?.opened;
        return undefined;
      },
    });
    await bench.start();
    await bench.submit(['short', 'long'].map((id) => ({ key: id, headers: withId(id) })));
    const running = (count: number) =>
      until(`${count} rows`, async () => {
        const rows = (await bench.rows()).filter(({ outcome }) => outcome === 'running');
        return rows.length >= count ? rows : undefined;
      });
    expect(await running(1)).toMatchObject([{ taskId: 'long', attrs: { progress: '0.25', note: 'reading' } }]);
    steps[0]?.open();
    const rows = await running(2);
    expect(rows.at(-1)).toMatchObject({ taskId: 'long', attrs: { progress: '1' } });
    expect(rows.at(-1)?.attrs).not.toHaveProperty('note');
    steps[1]?.open();
    await bench.committedTo(2);
    expect((await bench.rows()).filter(({ outcome }) => outcome === 'running')).toHaveLength(2);
    expect(bench.audit.violations).toEqual([]);
  });
});
