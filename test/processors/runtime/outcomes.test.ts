import { describe, expect, it } from 'vitest';
import { reject, retryable, type Task } from '../../../processors/stage.ts';
import { childId, placeId } from '../../../schemas/task-id.ts';
import type { InboundRecord } from '../../../topics/ports.ts';
import { until } from '../../helpers/until.ts';
import { type Payload, RunnerBench, toNext } from './runner-bench.ts';

const reasonOf = (record: InboundRecord | undefined) => JSON.parse(String(record?.headers['penstock-dead']));
const envelopeOf = (record: InboundRecord | undefined) => JSON.parse(String(record?.headers.penstock));

describe('what a handler returns', () => {
  it('one output keeps id, key and envelope; attempt and notBefore stay behind', async () => {
    const bench = await RunnerBench.open({});
    const sent = { id: 'a', at: 5, source: 's', attempt: 2, notBefore: 7, expiresAt: 9e12, tenant: 't', replay: 'r' };
    await bench.submit([{ key: 'k', headers: { penstock: JSON.stringify(sent), other: 'x' } }]);
    await bench.start();
    const [row] = await bench.rowsOnceEnded(1);
    const [record] = await bench.records('p.next');
    const { attempt: _attempt, notBefore: _notBefore, ...rest } = sent;
    expect(envelopeOf(record)).toEqual(rest);
    expect(record?.key?.toString()).toBe('k');
    expect(record?.value?.toString()).toBe('{"n":1}');
    expect(Object.keys(record?.headers ?? {})).toEqual(['penstock']);
    expect(row).toMatchObject({ outcome: 'ok', taskId: 'a', attempt: 2, nextStage: 'next', bytesIn: 7, bytesOut: 7 });
    expect(row).toMatchObject({ tenant: 't', replayId: 'r', partition: 0, offset: 0, errorCode: '' });
  });

  it('a task without headers gets the id of its place, and a key that is no text passes through whole', async () => {
    const bench = await RunnerBench.open({});
    const key = Buffer.from([0xff, 0x00, 0xfe]);
    const producer = await bench.broker.producer();
    await producer.send([{ topic: 'p.work', key, value: Buffer.from('{"n":1}') }]);
    await bench.start();
    await bench.rowsOnceEnded(1);
    const [record] = await bench.records('p.next');
    expect(envelopeOf(record).id).toBe(placeId('p.work', 0, 0));
    expect(record?.key).toEqual(key);
  });

  it('by a clock that is an hour slow, it ends no earlier than its record was written, and never waited less than nothing', async () => {
    const bench = await RunnerBench.open({});
    const timestampMs = Date.now() + 3_600_000;
    const producer = await bench.broker.producer();
    await producer.send([{ topic: 'p.work', key: null, value: Buffer.from('{"n":1}'), timestampMs }]);
    await bench.start();
    expect(await bench.rowsOnceEnded(1)).toMatchObject([{ outcome: 'ok', eventTime: timestampMs, queueMs: 0 }]);
  });

  it('a list fans out into children of derived ids; an output may name its own key', async () => {
    const bench = await RunnerBench.open({ process: () => [toNext(1), toNext(2, { key: 'own' })] });
    await bench.submit([{ key: 'k', headers: { penstock: '{"id":"a"}' } }]);
    await bench.start();
    const [row] = await bench.rowsOnceEnded(1);
    const records = await bench.records('p.next');
    const children = records.map((record) => [envelopeOf(record).id, envelopeOf(record).parent, String(record.key)]);
    expect(children).toHaveLength(2);
    expect(children).toContainEqual([childId('a', 'work', 0), 'a', 'k']);
    expect(children).toContainEqual([childId('a', 'work', 1), 'a', 'own']);
    expect(row).toMatchObject({ outcome: 'ok', nextStage: '', bytesOut: 14 });
  });

  it('an async iterable is pulled no further than one chunk ahead of what is acknowledged', async () => {
    let pulled = 0;
    const bench = await RunnerBench.open({
      async *process() {
        for (let n = 0; n < 2_300; n++) {
          pulled++;
          yield toNext(n);
        }
      },
    });
    const release = bench.broker.faults.holdAcks();
    await bench.start();
    void bench.submit([{}]);
    const first = await until('the first chunk', async () => {
      const { length } = await bench.records('p.next');
      return length > 0 ? length : undefined;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(pulled).toBe(first);
    expect(first).toBeLessThan(1_000);
    release();
    const [row] = await bench.rowsOnceEnded(1);
    const ids = new Set((await bench.records('p.next')).map((record) => envelopeOf(record).id));
    expect(ids.size).toBe(2_300);
    expect(row?.outcome).toBe('ok');
  });

  it('a list of thousands travels in chunks too', async () => {
    const bench = await RunnerBench.open({ process: () => Array.from({ length: 3_000 }, (_, n) => toNext(n)) });
    await bench.submit([{ headers: { penstock: '{"id":"a"}' } }]);
    await bench.start();
    await bench.rowsOnceEnded(1);
    const ids = (await bench.records('p.next')).map((record) => envelopeOf(record).id);
    expect(new Set(ids)).toEqual(new Set(Array.from({ length: 3_000 }, (_, index) => childId('a', 'work', index))));
  });

  it('an iterable that throws half way is a failed attempt; its children keep their ids the second time', async () => {
    let attempt = 0;
    const bench = await RunnerBench.open({
      async *process() {
        attempt++;
        for (let n = 0; n < 1_200; n++) {
          if (attempt === 1 && n === 700) throw new Error('half way');
          yield toNext(n);
        }
      },
    });
    await bench.submit([{}]);
    await bench.start();
    const rows = await bench.rowsOnceEnded(1);
    expect(rows.map((row) => row.outcome)).toEqual(['retry', 'ok']);
    expect(new Set((await bench.records('p.next')).map((record) => envelopeOf(record).id)).size).toBe(1_200);
  });
});

describe('garbage from a handler', () => {
  const garbage: [string, unknown, string][] = [
    ['a number', 7, 'PIPE_STAGE_OUTPUT_INVALID'],
    ['a text', 'next', 'PIPE_STAGE_OUTPUT_INVALID'],
    ['an object', {}, 'PIPE_STAGE_OUTPUT_INVALID'],
    ['a key that is no text', { stage: 'next', payload: {}, key: 1 }, 'PIPE_STAGE_OUTPUT_INVALID'],
    ['a list with a hole', [undefined], 'PIPE_STAGE_OUTPUT_INVALID'],
    ['a payload of the wrong shape', { stage: 'next', payload: { bad: true } }, 'PIPE_STAGE_OUTPUT_INVALID'],
    ['a stage that is not there', { stage: 'nowhere', payload: {} }, 'PIPE_STAGE_UNKNOWN'],
    ['a payload of megabytes', { stage: 'next', payload: 'x'.repeat(1_100_000) }, 'PIPE_TASK_TOO_LARGE'],
    [
      'a payload just above what the topic takes',
      { stage: 'next', payload: 'x'.repeat(1_048_560) },
      'PIPE_TASK_TOO_LARGE',
    ],
  ];

  it.each(garbage)('%s goes to the dead letters', async (_what, output, code) => {
    const bench = await RunnerBench.open({
      // The type checker would not let a handler of TypeScript return this; one of JavaScript does.
      process: (task) => (task.payload.n === 1 ? JSON.parse(JSON.stringify({ output }), revive).output : undefined),
    });
    await bench.submit([{ value: '{"n":1}' }, { value: '{"n":2}' }]);
    await bench.start();
    const rows = await bench.rowsOnceEnded(2);
    expect(rows.map((row) => [row.offset, row.outcome, row.errorCode]).toSorted()).toEqual([
      [0, 'dead', code],
      [1, 'ok', ''],
    ]);
    expect(await bench.records('p.next')).toEqual([]);
    expect(reasonOf((await bench.records('p.work.dlq'))[0])).toMatchObject({ code, offset: 0 });
  });

  it('what only the broker finds too large stands apart from its neighbours', async () => {
    const bench = await RunnerBench.open({
      ordering: 'none',
      process: (task) => ({ stage: 'next', payload: 'x'.repeat(task.payload.n === 5 ? 5_000 : 5) }),
    });
    await (await bench.broker.admin()).alterTopicConfig('p.next', { 'max.message.bytes': '1000' });
    await bench.submitMany(10);
    await bench.start();
    await bench.committedTo(10);
    const dead = await bench.records('p.work.dlq');
    expect(dead.map((record) => [String(record.value), reasonOf(record).code])).toEqual([
      ['{"n":5}', 'PIPE_TASK_TOO_LARGE'],
    ]);
    const ids = new Set((await bench.records('p.next')).map((record) => envelopeOf(record).id));
    expect(ids.size).toBe(9);
    expect(bench.audit.violations).toEqual([]);
  });

  const revive = (_key: string, value: unknown): unknown => value;
});

describe('what a handler throws', () => {
  it('is retried in place, then succeeds; the rows say so', async () => {
    let runs = 0;
    const bench = await RunnerBench.open({
      process() {
        runs++;
        if (runs < 3) throw retryable('not yet');
      },
    });
    await bench.submit([{}]);
    await bench.start();
    const rows = await bench.rowsOnceEnded(1);
    expect(rows.map((row) => [row.outcome, row.attempt, row.errorCode])).toEqual([
      ['retry', 1, 'PIPE_STAGE_RETRYABLE'],
      ['retry', 2, 'PIPE_STAGE_RETRYABLE'],
      ['ok', 3, ''],
    ]);
  });

  it('ends in the dead letters after the last attempt, whole, with the reason', async () => {
    const bench = await RunnerBench.open({
      async process() {
        throw new Error('row 17 is broken');
      },
    });
    await bench.submit([{ key: 'k', value: '{"n":1}', headers: { penstock: '{"id":"a","attempt":2}', x: 'y' } }]);
    await bench.start();
    const rows = await bench.rowsOnceEnded(1);
    expect(rows.map((row) => [row.outcome, row.attempt])).toEqual([
      ['retry', 2],
      ['dead', 3],
    ]);
    expect(rows[0]?.errorFingerprint).toMatch(/^[0-9a-f]{16}$/);
    const [dead] = await bench.records('p.work.dlq');
    expect([String(dead?.key), String(dead?.value)]).toEqual(['k', '{"n":1}']);
    expect(String(dead?.headers.penstock)).toBe('{"id":"a","attempt":2}');
    expect(String(dead?.headers.x)).toBe('y');
    const reason = reasonOf(dead);
    expect(reason).toMatchObject({ topic: 'p.work', partition: 0, offset: 0, stage: 'work', attempts: 3 });
    expect(reason).toMatchObject({ code: 'PIPE_STAGE_THREW', message: 'row 17 is broken' });
    expect(reason.lastFailedAt).toBeGreaterThanOrEqual(reason.firstFailedAt);
    await bench.committedTo(1);
  });

  it('is final at once when the stage rejects', async () => {
    const bench = await RunnerBench.open({
      process() {
        throw reject('never');
      },
    });
    await bench.submit([{}]);
    await bench.start();
    expect((await bench.rowsOnceEnded(1)).map((row) => row.outcome)).toEqual(['dead']);
  });

  it.each([undefined, null, 0, 'text', {}, Symbol('s')])('may be no error at all: %s', async (thrown) => {
    const bench = await RunnerBench.open({
      retry: { attempts: 1 },
      process() {
        throw thrown;
      },
    });
    await bench.submit([{}]);
    await bench.start();
    expect((await bench.rowsOnceEnded(1)).map((row) => row.errorCode)).toEqual(['PIPE_STAGE_THREW']);
  });

  it('a handler that never answers is aborted, retried, given up; its slot is free and its late answer is ignored', async () => {
    const late: ((value: undefined) => void)[] = [];
    const reasons: unknown[] = [];
    const bench = await RunnerBench.open({
      concurrency: 1,
      timeoutMs: 20,
      retry: { attempts: 2 },
      process(task, ctx) {
        if (task.payload.n === 2) return undefined;
        ctx.signal.addEventListener('abort', () => reasons.push(ctx.signal.reason.code));
        return new Promise((resolve) => late.push(resolve));
      },
    });
    await bench.submit([{ value: '{"n":1}' }, { value: '{"n":2}' }]);
    const worker = await bench.start();
    await bench.rowsOnceEnded(2);
    for (const resolve of late) resolve(undefined);
    await bench.committedTo(2);
    const rows = await bench.rows();
    expect(rows.filter((row) => row.offset === 0).map((row) => [row.outcome, row.errorCode])).toEqual([
      ['retry', 'PIPE_STAGE_TIMEOUT'],
      ['dead', 'PIPE_STAGE_TIMEOUT'],
    ]);
    expect(reasons).toEqual(['PIPE_STAGE_TIMEOUT', 'PIPE_STAGE_TIMEOUT']);
    expect(worker.stats()[0]).toMatchObject({ inFlight: 0, queued: 0, done: 1, failed: 1 });
  });

  it('what a handler does to its task reaches neither the next attempt nor the dead letter', async () => {
    const seen: number[] = [];
    const bench = await RunnerBench.open({
      process(task: Task<{ n: number }>) {
        seen.push(task.payload.n);
        task.payload.n = 99;
        throw new Error('again');
      },
    });
    await bench.submit([{ value: '{"n":4}' }]);
    await bench.start();
    await bench.rowsOnceEnded(1);
    expect(seen).toEqual([4, 4, 4]);
    expect(String((await bench.records('p.work.dlq'))[0]?.value)).toBe('{"n":4}');
  });
});

describe('what cannot run', () => {
  it('values that are no task are dead letters once, with their code, and stop nothing', async () => {
    const bench = await RunnerBench.open({});
    await bench.submit([
      { value: 'no json' },
      { value: null },
      { value: `{"n":"${'x'.repeat(1_000_000)}"}` },
      { value: '{"n":3}' },
    ]);
    await bench.start({ maxTaskBytes: 500_000 });
    const rows = await bench.rowsOnceEnded(4);
    expect(rows.map((row) => [row.offset, row.outcome, row.errorCode]).toSorted()).toEqual([
      [0, 'dead', 'PIPE_TASK_NOT_JSON'],
      [1, 'dead', 'PIPE_TASK_EMPTY'],
      [2, 'dead', 'PIPE_TASK_TOO_LARGE'],
      [3, 'ok', ''],
    ]);
    const dead = await bench.records('p.work.dlq');
    expect(dead.map((record) => record.value?.length ?? null)).toEqual([7, null, 1_000_008]);
    await bench.committedTo(4);
  });

  it('a task whose schema the registry does not give now waits, and the others go on', async () => {
    const bench = await RunnerBench.open({});
    bench.codec.unreadable = '{"n":1}';
    await bench.submit([{ value: '{"n":1}' }, { value: '{"n":2}' }]);
    await bench.start();
    await bench.rowsOnceEnded(1);
    expect((await bench.rows()).map((row) => row.offset)).toEqual([1]);
    expect(await bench.records('p.work.dlq')).toEqual([]);
    bench.codec.unreadable = undefined;
    const rows = await bench.rowsOnceEnded(2);
    expect(rows.map((row) => [row.offset, row.outcome, row.attempt])).toEqual([
      [1, 'ok', 1],
      [0, 'ok', 1],
    ]);
  });

  it('a task past its time is not run; one before its time waits and blocks nobody', async () => {
    const starts: [number, number][] = [];
    const bench = await RunnerBench.open({
      concurrency: 1,
      process: (task: Task<Payload>) => void starts.push([task.payload.n, Date.now()]),
    });
    const notBefore = Date.now() + 150;
    await bench.submit([
      { value: '{"n":0}', headers: { penstock: JSON.stringify({ id: 'a', notBefore }) } },
      { value: '{"n":1}', headers: { penstock: JSON.stringify({ id: 'b', expiresAt: Date.now() - 1 }) } },
      { value: '{"n":2}' },
    ]);
    await bench.start();
    const rows = await bench.rowsOnceEnded(3);
    expect(rows.map((row) => [row.offset, row.outcome])).toEqual([
      [1, 'expired'],
      [2, 'ok'],
      [0, 'ok'],
    ]);
    expect(starts.map(([n]) => n)).toEqual([2, 0]);
    expect(starts[1]?.[1]).toBeGreaterThanOrEqual(notBefore);
    await bench.committedTo(3);
  });
});
