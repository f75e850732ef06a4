import { afterEach, describe, expect, it } from 'vitest';
import { PenstockError } from '../../../schemas/errors.ts';
import type { AttemptBatch } from '../../../schemas/generated/attempt-batch.ts';
import { attemptsTopic, sinkGroup } from '../../../topics/names.ts';
import { until } from '../../helpers/until.ts';
import { aBatch, anAttempt } from './attempts.ts';
import { gate, jsonCodec, outage, SinkBench } from './sink-bench.ts';

let bench: SinkBench;
afterEach(() => bench.close());

const tasks = (from: number, count: number): AttemptBatch[] =>
  Array.from({ length: count }, (_, index) => aBatch([anAttempt({ taskId: `t${from + index}` })]));
const ids = (from: number, count: number): string[] => Array.from({ length: count }, (_, index) => `t${from + index}`);
const sorted = (values: readonly string[]): string[] =>
  values.toSorted((a, b) => Number(a.slice(1)) - Number(b.slice(1)));

describe('the sink', () => {
  it('announces a range, inserts it under its token, and commits past it', async () => {
    bench = await SinkBench.open();
    await bench.send(tasks(0, 3));
    let announced: unknown;
    bench.table.before = async () => {
      announced = await bench.committed();
    };
    await bench.start();
    await bench.committedPast(3);
    expect(announced).toEqual({ offset: 0, metadata: '{"lo":0,"hi":2}' });
    expect([...bench.table.batches.keys()]).toEqual([`sink:${attemptsTopic}:0:0-2`]);
    expect(bench.table.taskIds()).toEqual(ids(0, 3));
  });

  it('cuts at the row limit and keeps the order', async () => {
    bench = await SinkBench.open();
    await bench.send(tasks(0, 25));
    await bench.start({ limits: { maxRows: 10, maxWaitMs: 5 } });
    await bench.committedPast(25);
    expect([...bench.table.batches.values()].map((lines) => lines.length)).toEqual([10, 10, 5]);
    expect(bench.table.taskIds()).toEqual(ids(0, 25));
  });

  it('repeats the very insert that a dead sink left behind, before anything else', async () => {
    bench = await SinkBench.open();
    await bench.send(tasks(0, 3));
    bench.table.after = () => {
      bench.kill();
    };
    await bench.start();
    await until('the insert', () => bench.table.batches.size || undefined);
    bench.table.after = () => undefined;
    expect(await bench.committed()).toEqual({ offset: 0, metadata: '{"lo":0,"hi":2}' });
    await bench.send(tasks(3, 4));
    const next = await bench.start();
    await bench.committedPast(7);
    expect(bench.table.calls.map(({ token }) => token.split(':').at(-1))).toEqual(['0-2', '0-2', '3-6']);
    expect(bench.table.taskIds()).toEqual(ids(0, 7));
    expect(next.stats()).toMatchObject({ inserts: 2, repeats: 1, rows: 7 });
  });

  it('sends an insert again under the same token when its answer is lost', async () => {
    bench = await SinkBench.open();
    await bench.send(tasks(0, 3));
    let lost = 0;
    bench.table.after = () => {
      if (lost++ < 2) throw outage();
    };
    await bench.start();
    await bench.committedPast(3);
    expect(bench.table.calls).toHaveLength(3);
    expect(new Set(bench.table.calls.map(({ token }) => token)).size).toBe(1);
    expect(bench.table.taskIds()).toEqual(ids(0, 3));
  });

  it('waits through an outage with bounded memory, then goes on where it stood', async () => {
    bench = await SinkBench.open();
    bench.table.isDown = true;
    const big = (index: number) => aBatch([anAttempt({ taskId: `t${index}`, errorMessage: 'x'.repeat(900) })]);
    let read = 0;
    const decode: typeof jsonCodec.decode = (schema, value) => {
      read += 1;
      return jsonCodec.decode(schema, value);
    };
    const sink = await bench.start({
      codec: { decode },
      limits: { maxRows: 10, maxWaitMs: 5 },
      maxBufferedBytes: 20_000,
    });
    for (let index = 0; index < 500; index += 50) {
      await bench.send(Array.from({ length: 50 }, (_, each) => big(index + each)));
    }
    await until('three failures', () => (sink.stats().failures >= 3 ? true : undefined));
    expect(read).toBeLessThan(100);
    expect(await bench.committed()).toMatchObject({ offset: 0 });
    bench.table.isDown = false;
    await bench.committedPast(500);
    expect(bench.table.taskIds()).toEqual(ids(0, 500));
  });

  it('skips a record that nobody can read, counts it, and loses no other', async () => {
    bench = await SinkBench.open();
    const [first, second, third] = tasks(0, 3);
    await bench.send([first ?? null, 'garbage', null, second ?? null, 'more garbage', third ?? null, 'last']);
    const sink = await bench.start();
    await bench.committedPast(7);
    expect(bench.table.taskIds()).toEqual(ids(0, 3));
    expect(sink.stats()).toMatchObject({ unreadable: 4, rows: 3 });
  });

  it('commits past records without rows, and inserts nothing for them', async () => {
    bench = await SinkBench.open();
    await bench.send(['a', 'b', null]);
    await bench.start();
    await bench.committedPast(3);
    expect(bench.table.calls).toEqual([]);
  });

  it('reads a record again as long as the registry is away', async () => {
    bench = await SinkBench.open();
    await bench.send(tasks(0, 2));
    let failures = 0;
    const sink = await bench.start({
      codec: {
        decode(schema, value) {
          if (failures++ < 2) throw new PenstockError('PIPE_REGISTRY_UNAVAILABLE', 'away');
          return jsonCodec.decode(schema, value);
        },
      },
    });
    await bench.committedPast(2);
    expect(bench.table.taskIds()).toEqual(ids(0, 2));
    expect(sink.stats()).toMatchObject({ unreadable: 0, failures: 2 });
  });

  it('commits again when a commit was refused', async () => {
    bench = await SinkBench.open();
    await bench.send(tasks(0, 2));
    bench.broker.faults.failNextCommit();
    bench.broker.faults.failNextCommit();
    await bench.start();
    await bench.committedPast(2);
    expect(bench.table.taskIds()).toEqual(ids(0, 2));
  });

  it('one stuck partition does not hold up another', async () => {
    bench = await SinkBench.open(2);
    await bench.send(tasks(0, 2), 0);
    await bench.send(tasks(2, 2), 1);
    bench.table.before = ({ token }) => {
      if (token.includes(':0:')) throw outage();
    };
    await bench.start();
    await bench.committedPast(2, 1);
    expect(bench.table.taskIds()).toEqual(ids(2, 2));
    bench.table.before = () => undefined;
    await bench.committedPast(2, 0);
  });

  it('two sinks share the partitions; each row is stored once through joins, deaths and rebalances', async () => {
    bench = await SinkBench.open(4);
    await bench.start({ limits: { maxRows: 5, maxWaitMs: 2 } });
    let sent = 0;
    for (let round = 0; round < 12; round += 1) {
      for (let partition = 0; partition < 4; partition += 1) {
        await bench.send(tasks(sent, 7), partition);
        sent += 7;
      }
      if (round % 3 === 0) await bench.start({ limits: { maxRows: 4, maxWaitMs: 3 } });
      if (round % 3 === 1) bench.broker.rebalance(sinkGroup);
      const [first, second] = bench.broker.memberIds(sinkGroup);
      if (round % 3 === 2 && first && second) bench.broker.kill(first);
    }
    for (let partition = 0; partition < 4; partition += 1) await bench.committedPast(12 * 7, partition);
    expect(sorted(bench.table.taskIds())).toEqual(ids(0, sent));
  });

  it('a rebalance in the middle of an insert commits nothing of the old assignment', async () => {
    bench = await SinkBench.open();
    await bench.send(tasks(0, 3));
    const insert = gate();
    bench.table.before = () => insert.pass();
    let read = 0;
    await bench.start({
      codec: {
        decode(schema, value) {
          read += 1;
          return jsonCodec.decode(schema, value);
        },
      },
    });
    await insert.reached;
    bench.broker.rebalance(sinkGroup);
    await until('the records to come again', () => (read === 6 ? true : undefined));
    insert.open();
    await bench.committedPast(3);
    expect(bench.table.calls.map(({ token }) => token.split(':').at(-1))).toEqual(['0-2', '0-2']);
    expect(bench.table.taskIds()).toEqual(ids(0, 3));
  });

  it('stop() lets the insert under way end and commits past it', async () => {
    bench = await SinkBench.open();
    await bench.send(tasks(0, 3));
    const insert = gate();
    bench.table.before = () => insert.pass();
    const sink = await bench.start();
    await insert.reached;
    const stopped = sink.stop();
    insert.open();
    await stopped;
    expect(await bench.committed()).toEqual({ offset: 3, metadata: '' });
  });

  it('reports a consumer that cannot go on', async () => {
    bench = await SinkBench.open();
    const sink = await bench.start();
    const [member] = bench.broker.memberIds(sinkGroup);
    bench.broker.crash(member ?? '');
    await expect(sink.failed).rejects.toMatchObject({ code: 'PIPE_CONSUMER_CRASHED' });
  });
});
