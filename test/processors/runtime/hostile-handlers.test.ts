import { describe, expect, it } from 'vitest';
import type { Output, StageDefinition, Task } from '../../../processors/stage.ts';
import { until } from '../../helpers/until.ts';
import { gate, type Payload, RunnerBench, toNext } from './runner-bench.ts';

const values = async (bench: RunnerBench, topic: string) =>
  (await bench.records(topic)).map((record) => String(record.value));

/** One task with that handler, and one after it that must not be harmed; the rows as `offset outcome code`. */
async function runBeside(process: StageDefinition<Payload>['process'], more: Partial<StageDefinition<Payload>> = {}) {
  const bench = await RunnerBench.open({
    ordering: 'none',
    retry: { attempts: 1 },
    ...more,
    process: (task, ctx) => (task.payload.n === 0 ? process(task, ctx) : toNext(task.payload.n)),
  });
  await bench.submitMany(2);
  const worker = await bench.start();
  const rows = await bench.rowsOnceEnded(2);
  await bench.committedTo(2);
  expect(worker.stats()[0]).toMatchObject({ inFlight: 0, queued: 0 });
  expect(bench.audit.violations).toEqual([]);
  return { bench, ends: rows.map((row) => `${row.offset} ${row.outcome} ${row.errorCode}`.trim()).toSorted(), rows };
}

/** What a handler of JavaScript may return, past the type checker. */
const hostile = (make: () => unknown): StageDefinition<Payload>['process'] => {
  const untyped: { process?: StageDefinition<Payload>['process'] } = {};
  Object.assign(untyped, { process: make });
  return untyped.process ?? (() => undefined);
};

function revokedProxy(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

function withConstructor(get: () => unknown): Promise<unknown> {
  return Object.defineProperty(Promise.resolve(), 'constructor', { get });
}

const throwing = (what: string) => () => {
  throw new Error(`${what} of the handler`);
};

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

describe('an async iterable', () => {
  const iterate = (next: (index: number) => unknown, onReturn: () => void = () => undefined) =>
    hostile(() => {
      let index = 0;
      const iterator = {
        next: async () => next(index++),
        return: async () => {
          onReturn();
          return { done: true };
        },
      };
      return { [Symbol.asyncIterator]: () => iterator };
    });
  const item = (value: unknown) => ({ done: false, value });

  const kinds: [string, StageDefinition<Payload>['process'], string][] = [
    ['yields what is no output', iterate((index) => item(index < 3 ? toNext(index) : 7)), 'PIPE_STAGE_OUTPUT_INVALID'],
    [
      'yields for a stage that is not there',
      iterate(() => item({ stage: 'nowhere', payload: {} })),
      'PIPE_STAGE_UNKNOWN',
    ],
    ['answers with no object', iterate(() => 7), 'PIPE_STAGE_THREW'],
    ['has no next()', hostile(() => ({ [Symbol.asyncIterator]: () => ({}) })), 'PIPE_STAGE_THREW'],
    [
      'throws when asked for its iterator',
      hostile(() => ({ [Symbol.asyncIterator]: throwing('iterator') })),
      'PIPE_STAGE_THREW',
    ],
    ['throws at its first step', iterate(throwing('next')), 'PIPE_STAGE_THREW'],
    ['throws when it is closed', iterate(() => item(7), throwing('return')), 'PIPE_STAGE_OUTPUT_INVALID'],
  ];

  it.each(kinds)('that %s is a failed attempt', async (_what, process, code) => {
    const { ends } = await runBeside(process);
    expect(ends).toEqual([`0 dead ${code}`, '1 ok']);
  });

  it('that never ends is timed out and closed, and asked for nothing more', async () => {
    let asked = 0;
    let closed = 0;
    const endless = iterate(
      async (index) => {
        asked++;
        await new Promise((resolve) => setImmediate(resolve));
        return item(toNext(index));
      },
      () => closed++,
    );
    const { ends } = await runBeside(endless, { timeoutMs: 100 });
    expect(ends).toEqual(['0 dead PIPE_STAGE_TIMEOUT', '1 ok']);
    await until('the iterator to be closed', () => (closed === 1 ? true : undefined));
    const after = asked;
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(asked).toBe(after);
  });

  it('that hangs is timed out; its late output counts for nothing', async () => {
    const late = gate<unknown>();
    const { bench, ends } = await runBeside(
      iterate((index) => (index === 0 ? item(toNext(5)) : late.opened)),
      { timeoutMs: 50 },
    );
    expect(ends).toEqual(['0 dead PIPE_STAGE_TIMEOUT', '1 ok']);
    late.open(item(toNext(6)));
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(await values(bench, 'p.next')).toEqual(['{"n":1}']);
  });

  it('of two hundred thousand goes through with a thousand records unacknowledged at most', {
    timeout: 60_000,
  }, async () => {
    const count = 200_000;
    let pulled = 0;
    let widest = 0;
    let acknowledged = 0;
    const bench = await RunnerBench.open({
      timeoutMs: 55_000,
      async *process() {
        for (; pulled < count; ) {
          yield toNext(pulled++);
          widest = Math.max(widest, pulled - acknowledged);
        }
      },
    });
    const producer = bench.broker.producer.bind(bench.broker);
    bench.broker.producer = async (options) => {
      const inner = await producer(options);
      return {
        ...inner,
        close: () => inner.close(),
        async send(records) {
          const places = await inner.send(records);
          acknowledged += places.filter(({ topic }) => topic === 'p.next').length;
          return places;
        },
      };
    };
    await bench.submitMany(1);
    await bench.start();
    const [row] = await bench.rowsOnceEnded(1, 55_000);
    await bench.committedTo(1);
    expect(row?.outcome).toBe('ok');
    expect((await bench.records('p.next')).length).toBe(count);
    expect(widest).toBeLessThanOrEqual(1_000);
  });
});

/** A property assigned like this is no class member and no literal: the linter knows thenables made by mistake. */
function thenableOf(then: (resolve: (value: unknown) => void, reject: (error: unknown) => void) => void): unknown {
  return Object.assign(Object.create(null), Object.fromEntries([['then', then]]));
}
