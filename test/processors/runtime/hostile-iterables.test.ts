import { describe, expect, it } from 'vitest';
import type { SingleStageDefinition } from '../../../processors/stage.ts';
import { until } from '../../helpers/until.ts';
import { hostile, runBeside, throwing, values } from './hostile.ts';
import { gate, type Payload, RunnerBench, toNext } from './runner-bench.ts';

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

  const kinds: [string, SingleStageDefinition<Payload>['process'], string][] = [
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
