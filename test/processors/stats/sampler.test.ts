import pino from 'pino';
import { expect, it, onTestFinished } from 'vitest';
import { definePipeline } from '../../../processors/pipeline.ts';
import type { RowsInsert } from '../../../processors/sinks/clickhouse.ts';
import { lagColumns, sampleRows, workerColumns } from '../../../processors/sinks/sample-rows.ts';
import { startSampleSink } from '../../../processors/sinks/sample-sink.ts';
import { defineStage } from '../../../processors/stage.ts';
import { startSampler } from '../../../processors/stats/sampler.ts';
import { startWorker } from '../../../processors/worker.ts';
import type { WorkerSample } from '../../../schemas/generated/worker-sample.ts';
import { createMemoryBroker } from '../../../topics/memory/memory-broker.ts';
import { samplesTopic } from '../../../topics/names.ts';
import { until } from '../../helpers/until.ts';
import { jsonCodec } from '../runtime/json-codec.ts';
import { noBlobs, payloadSchema } from '../runtime/runner-bench.ts';

const logger = pino({ level: 'silent' });
const rowOf = (columns: readonly string[], line: string): Record<string, unknown> => {
  const values: unknown[] = JSON.parse(line.slice(line.indexOf(' ') + 1));
  return Object.fromEntries(columns.map((column, index) => [column, values[index]]));
};

it('a worker tells how far its partitions are behind, until it leaves, and the sink stores it', async () => {
  const broker = createMemoryBroker();
  const admin = await broker.admin();
  const topics = ['p.s', 'p.s.retry.1m', 'p.s.dlq', 'penstock.attempts', samplesTopic];
  await admin.createTopics(topics.map((name) => ({ name, partitions: name === 'p.s' ? 2 : 1, config: {} })));
  const producer = await broker.producer();
  const codec = jsonCodec();
  let release = () => {};
  const held = new Promise<undefined>((resolve) => {
    release = () => resolve(undefined);
  });
  const stage = defineStage({ name: 's', input: payloadSchema, concurrency: 8, process: () => held });
  const pipelines = [definePipeline({ name: 'p', stages: [stage] })];
  const worker = await startWorker({ pipelines, broker, codec, blobs: noBlobs, logger, workerName: 'w' });
  const value = Buffer.from('{"n":1}');
  await producer.send([0, 0, 0, 1].map((partition) => ({ topic: 'p.s', partition, key: null, value })));
  const inserts: RowsInsert[] = [];
  const insert = async (rows: RowsInsert) => void inserts.push(rows);
  const sink = await startSampleSink({ broker, clickhouse: { insert }, codec, logger });
  const sampler = startSampler({
    ...{ broker, producer, codec, logger, workerName: 'w', codeVersion: '7', stats: worker.stats },
    everyMs: 5,
  });
  onTestFinished(() => Promise.all([sink.stop(), worker.stop()]).then(() => undefined));
  const rows = (table: string) =>
    inserts
      .filter((each) => each.table === table)
      .flatMap((each) =>
        each.rows
          .toString()
          .split('\n')
          .map((line) => rowOf(each.columns, ` ${line}`)),
      );
  const lag = await until('a lag of three', () => rows('group_lag').find((row) => row.lag === 3));
  expect(lag).toMatchObject({ group: 'p.s', topic: 'p.s', partition: 0, committed: 0, end_offset: 3, worker: 'w' });
  await until('all in flight', () => rows('workers').find((row) => row.in_flight === 4));
  release();
  await until('no lag', () =>
    rows('group_lag').find((row) => row.topic === 'p.s' && row.committed === 3 && row.lag === 0),
  );
  await sampler.stop();
  const last = await until('a goodbye', () => rows('workers').find((row) => row.is_leaving === true));
  expect(last).toMatchObject({
    worker: 'w',
    pipeline: 'p',
    stage: 's',
    done: 4,
    failed: 0,
    code_version: '7',
    partitions: 2,
  });
});

it('a sample has the time of its record: of a worker whose clock is an hour off, too', () => {
  const at = Date.UTC(2026, 1, 1);
  const sample: WorkerSample = {
    ...{
      worker: 'w',
      codeVersion: '',
      memoryBytes: 1,
      isLeaving: false,
      at: at - 3_600_000,
      startedAt: at - 3_607_000,
    },
    stages: [
      { pipeline: 'p', stage: 's', partitions: 1, inFlight: 0, queued: 0, done: 0, failed: 0, retried: 0, expired: 0 },
    ],
    lags: [{ group: 'g', topic: 't', partition: 0, committed: 1, endOffset: 4 }],
  };
  const [lag = '', stage = ''] = sampleRows(sample, at);
  expect(rowOf(lagColumns, lag)).toMatchObject({ t: at, lag: 3 });
  expect(rowOf(workerColumns, stage)).toMatchObject({ t: at, started_at: at - 7_000 });
});

it('a sample of nonsense still fits the tables', () => {
  const hostile: WorkerSample = {
    worker: 'x"\u0000\t\ud800'.repeat(400),
    at: Number.MAX_SAFE_INTEGER,
    startedAt: -5,
    codeVersion: "'",
    memoryBytes: Number.NaN,
    isLeaving: false,
    stages: [
      {
        pipeline: 'p',
        stage: 's',
        partitions: -1,
        inFlight: 2 ** 40,
        queued: 0,
        done: -7,
        failed: 1.5,
        retried: 0,
        expired: 0,
      },
    ],
    lags: [{ group: 'g', topic: 't', partition: 0, committed: 9, endOffset: 4 }],
  };
  const at = Date.UTC(2026, 1, 1);
  const [lag = '', stage = ''] = sampleRows(hostile, at);
  expect(rowOf(lagColumns, lag)).toMatchObject({ t: at, lag: 0 });
  expect(rowOf(workerColumns, stage)).toMatchObject({
    t: at,
    in_flight: 2 ** 32 - 1,
    done: 0,
    failed: 2,
    memory_bytes: 0,
  });
  expect(stage).not.toMatch(/\\ud800/);
  expect(stage.length).toBeLessThan(6_500);
});
