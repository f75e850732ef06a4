import { describe, expect, it } from 'vitest';
import type { Output, Task } from '../../../processors/stage.ts';
import { hostile, runBeside, throwing, values } from './hostile.ts';
import { gate, type Payload, RunnerBench, toNext } from './runner-bench.ts';

function revokedProxy(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

function withConstructor(get: () => unknown): Promise<unknown> {
  return Object.defineProperty(Promise.resolve(), 'constructor', { get });
}

describe('a handler throws', () => {
  const getters = (names: readonly string[]): Error => {
    const error = new Error('x');
    for (const name of names) Object.defineProperty(error, name, { get: throwing(name) });
    return error;
  };
  const nasty: [string, unknown][] = [
    ['a revoked Proxy', revokedProxy()],
    ['a PenstockError whose code throws', Object.assign(getters(['code']), { name: 'PenstockError' })],
    ['a function', () => 1],
    ['a frozen object', Object.freeze({ message: 'x' })],
    ['a frozen error', Object.freeze(new Error('x'))],
    ['an object without a prototype', Object.create(null)],
    ['an error whose message throws', getters(['message'])],
    ['an error whose name throws', getters(['name'])],
    ['an error whose code throws', getters(['code'])],
    ['an error whose afterMs throws', getters(['afterMs'])],
    ['an error whose stack throws', getters(['stack'])],
    [
      'an error with an object for a message',
      Object.assign(new Error('x'), { message: { toString: throwing('text') } }),
    ],
    ['an error of a megabyte', new Error('x'.repeat(1_000_000))],
    ['an error that is its own cause', Object.assign(new Error('x'), { cause: null })],
    ['NUL and half a surrogate', '\u0000\ud800'],
    ['an error that asks to wait for NaN', Object.assign(new Error('x'), { afterMs: Number.NaN })],
  ];

  it.each(nasty)('%s, at once and later', async (_what, thrown) => {
    for (const process of [
      hostile(() => {
        throw thrown;
      }),
      hostile(async () => {
        throw thrown;
      }),
    ]) {
      const { ends, rows } = await runBeside(process);
      expect(ends).toEqual(['0 dead PIPE_STAGE_THREW', '1 ok']);
      for (const { errorMessage } of rows) expect(errorMessage.length).toBeLessThanOrEqual(1_000);
    }
  });
});

describe('a handler answers', () => {
  it('with a promise of a promise of a promise', async () => {
    const { bench, ends } = await runBeside(async () => Promise.resolve(Promise.resolve(toNext(7))));
    expect(ends).toEqual(['0 ok', '1 ok']);
    expect((await values(bench, 'p.next')).toSorted()).toEqual(['{"n":1}', '{"n":7}']);
  });

  const thenables: [string, (resolve: (value: unknown) => void, reject: (error: unknown) => void) => void, string][] = [
    ['twice', (resolve) => [toNext(7), toNext(8)].forEach(resolve), '0 ok'],
    [
      'and throws after it',
      (resolve) =>
        [toNext(7)].forEach((each) => {
          resolve(each);
          throw new Error('late');
        }),
      '0 ok',
    ],
    [
      'and refuses after it',
      (resolve, reject) => {
        resolve(toNext(7));
        reject(new Error('late'));
      },
      '0 ok',
    ],
    [
      'after it refused',
      (resolve, reject) => {
        reject(new Error('first'));
        resolve(toNext(7));
      },
      '0 dead PIPE_STAGE_THREW',
    ],
    ['not, but throws', throwing('then'), '0 dead PIPE_STAGE_THREW'],
  ];

  it.each(thenables)('by a thenable that calls back %s', async (_what, then, end) => {
    const { bench, ends } = await runBeside(hostile(() => thenableOf(then)));
    expect(ends).toEqual([end, '1 ok']);
    const handedOn = (await values(bench, 'p.next')).toSorted();
    expect(handedOn).toEqual(end === '0 ok' ? ['{"n":1}', '{"n":7}'] : ['{"n":1}']);
  });

  const shy = new Proxy({}, { has: throwing('has'), get: (_target, name) => (name === 'then' ? undefined : 1) });
  const unreadable: [string, () => unknown, string][] = [
    [
      'by a value whose `then` throws',
      () => Object.defineProperty({}, 'then', { get: throwing('then') }),
      'OUTPUT_INVALID',
    ],
    ['by a Proxy that tells nothing', () => shy, 'OUTPUT_INVALID|THREW'],
    ['by a Proxy that tells nothing, later', async () => shy, 'OUTPUT_INVALID|THREW'],
    ['by a promise whose constructor throws', () => withConstructor(throwing('constructor')), 'THREW'],
    ['by a revoked Proxy', revokedProxy, 'OUTPUT_INVALID|THREW'],
  ];

  it.each(unreadable)('%s', async (_what, make, code) => {
    const { ends } = await runBeside(hostile(make));
    expect(ends).toEqual([expect.stringMatching(`^0 dead PIPE_STAGE_(${code})$`), '1 ok']);
  });

  it('after its time: the first answer counts, and is not counted twice', async () => {
    const late = gate<Output>();
    let runs = 0;
    const bench = await RunnerBench.open({
      timeoutMs: 30,
      retry: { attempts: 2 },
      process: (task) => (++runs === 1 ? late.opened : toNext(task.payload.n)),
    });
    await bench.submitMany(1);
    const worker = await bench.start();
    await bench.rowsOnceEnded(1);
    late.open(toNext(99));
    await bench.committedTo(1);
    expect(await values(bench, 'p.next')).toEqual(['{"n":0}']);
    expect((await bench.rows()).map((row) => row.outcome)).toEqual(['retry', 'ok']);
    expect(worker.stats()[0]).toMatchObject({ done: 1, failed: 0, inFlight: 0 });
  });
});

it('what a handler does to task and place reaches neither the next attempt, nor the dead letter, nor the rows', async () => {
  const seen: unknown[] = [];
  const bench = await RunnerBench.open({
    retry: { attempts: 2 },
    process(task: Task<Payload>) {
      seen.push(structuredClone(task));
      Object.assign(task, { id: 'x', key: 'x', attempt: 99, stage: 'x', tenant: 'x', submittedAt: 0 });
      Object.assign(task.place, { topic: 'x', partition: 9, offset: 77 });
      Object.assign(task.payload, { n: 99 });
      throw new Error('again');
    },
  });
  await bench.submit([{ key: 'k', value: '{"n":4}', headers: { penstock: '{"id":"a"}' } }]);
  await bench.start();
  const rows = await bench.rowsOnceEnded(1);
  await bench.committedTo(1);
  const task = {
    id: 'a',
    key: 'k',
    stage: 'work',
    payload: { n: 4 },
    place: { topic: 'p.work', partition: 0, offset: 0 },
  };
  expect(seen).toMatchObject([
    { ...task, attempt: 1 },
    { ...task, attempt: 2 },
  ]);
  expect(rows).toMatchObject([1, 2].map((attempt) => ({ taskId: 'a', partition: 0, offset: 0, attempt, tenant: '' })));
  const [dead] = await bench.records('p.work.dlq');
  expect([String(dead?.key), String(dead?.value)]).toEqual(['k', '{"n":4}']);
  expect(JSON.parse(String(dead?.headers['penstock-dead']))).toMatchObject({
    topic: 'p.work',
    partition: 0,
    offset: 0,
  });
});

describe('a handler hands on', () => {
  const cyclic: { self?: unknown } = {};
  cyclic.self = cyclic;
  const withGetter = (name: string) =>
    Object.defineProperty({ stage: 'next', payload: { n: 1 } }, name, { get: throwing(name) });
  const outputs: [string, unknown, RegExp][] = [
    ['a cyclic payload', { stage: 'next', payload: cyclic }, /OUTPUT_INVALID/],
    [
      'a payload whose getter throws',
      { stage: 'next', payload: Object.defineProperty({}, 'n', { get: throwing('n'), enumerable: true }) },
      /OUTPUT_INVALID/,
    ],
    ['an output whose stage throws', withGetter('stage'), /OUTPUT_INVALID|THREW/],
    ['an output whose payload throws', withGetter('payload'), /OUTPUT_INVALID|THREW/],
    ['an output whose key throws', withGetter('key'), /OUTPUT_INVALID|THREW/],
    ['a list with holes', Object.assign(new Array(3), { 0: toNext(1), 2: toNext(3) }), /OUTPUT_INVALID/],
    [
      'a long list with a hole',
      Object.assign(
        Array.from({ length: 600 }, (_, n) => toNext(n)),
        { 550: undefined },
      ),
      /OUTPUT_INVALID/,
    ],
    ['a list with a stage that is not there', [toNext(1), { stage: 'nowhere', payload: {} }], /UNKNOWN/],
    ['a stage named __proto__', { stage: '__proto__', payload: {} }, /UNKNOWN/],
    ['a payload that is a symbol', { stage: 'next', payload: Symbol('s') }, /OUTPUT_INVALID/],
    ['a function', () => toNext(1), /OUTPUT_INVALID/],
    ['an iterator that is no list', [toNext(1)].values(), /OUTPUT_INVALID/],
  ];

  it.each(outputs)('%s', async (_what, output, code) => {
    for (const make of [() => output, async () => output]) {
      const { bench, ends } = await runBeside(hostile(make));
      expect(ends).toEqual([expect.stringMatching(code), '1 ok']);
      expect(ends[0]).toMatch(/^0 dead/);
      expect((await values(bench, 'p.next')).filter((value) => value === '{"n":1}').length).toBeGreaterThan(0);
    }
  });
});

/** A property assigned like this is no class member and no literal: the linter knows thenables made by mistake. */
function thenableOf(then: (resolve: (value: unknown) => void, reject: (error: unknown) => void) => void): unknown {
  return Object.assign(Object.create(null), Object.fromEntries([['then', then]]));
}
