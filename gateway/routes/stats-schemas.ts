import { type TSchema, Type } from 'typebox';
import { outcomes } from '../stats/throughput.ts';
import { timeParameter } from './submit-request.ts';

const name = Type.String({ minLength: 1, maxLength: 100 });
const span = (example: string, description: string) =>
  Type.String({ pattern: '^[1-9]\\d{0,5}[smhd]$', examples: [example], description });
const until = Type.Optional(timeParameter('End of the window; default: now'));

export const pipelineParams = Type.Object({ pipeline: Type.String({ maxLength: 100, examples: ['assets'] }) });

export const throughputParameters = Type.Object(
  {
    window: Type.Optional(span('15m', 'How far back; default 15m')),
    step: Type.Optional(span('10s', 'Length of a bucket; default: some hundred buckets')),
    until,
    stage: Type.Optional(name),
  },
  { additionalProperties: false },
);

export const errorParameters = Type.Object(
  {
    window: Type.Optional(span('1h', 'How far back; default 1h')),
    step: Type.Optional(span('1m', 'Length of a bucket, whole minutes; default: some hundred buckets')),
    until,
    pipeline: Type.Optional(name),
    stage: Type.Optional(name),
    limit: Type.Integer({ minimum: 1, maximum: 200, default: 50 }),
  },
  { additionalProperties: false },
);

export const workerParameters = Type.Object(
  { window: Type.Optional(span('15m', 'Workers heard of within it; default 15m')) },
  { additionalProperties: false },
);

const epochMs = (description: string) => Type.Integer({ description: `${description}; epoch ms` });
const orNull = <Schema extends TSchema>(schema: Schema) => Type.Union([schema, Type.Null()]);
const list = <Schema extends TSchema>(schema: Schema) => Type.Array(schema);
const sql = Type.String({ description: 'What was asked, ready for `penstock sql`' });

const axis = {
  from: epochMs('Start of the first bucket'),
  to: epochMs('End of the last bucket'),
  stepMs: Type.Integer(),
  t: Type.Array(Type.Integer(), { description: 'Start of each bucket, epoch ms; the axis of every list' }),
  partialSince: orNull(epochMs('Buckets from here on are not complete yet')),
};

const countFields = <Schema extends TSchema>(schema: Schema) =>
  Object.fromEntries([...outcomes, 'bytes'].map((field) => [field, schema]));
const percentiles = <Schema extends TSchema>(schema: Schema) =>
  Type.Object({ p50: schema, p90: schema, p95: schema, p99: schema }, { description: 'ms; null: nothing ran' });

const stageFields = <Count extends TSchema, Time extends TSchema>(count: Count, time: Time) =>
  Type.Object({ stage: Type.String(), ...countFields(count), run: percentiles(time), wait: percentiles(time) });

export const throughputAnswer = Type.Object(
  {
    pipeline: Type.String(),
    ...axis,
    series: list(stageFields(list(Type.Integer()), list(orNull(Type.Number())))),
    totals: list(stageFields(Type.Integer(), orNull(Type.Number()))),
    sql,
  },
  { description: 'Throughput and times, zero-filled, a list a line of a chart' },
);

export const errorsAnswer = Type.Object(
  {
    ...axis,
    groups: list(
      Type.Object({
        ...{ pipeline: Type.String(), stage: Type.String(), fingerprint: Type.String(), code: Type.String() },
        errors: Type.Integer(),
        dead: Type.Integer({ description: 'Of these, the dead letters' }),
        ...{ firstSeen: epochMs('Within the window'), lastSeen: epochMs('Within the window') },
        ...{ message: Type.String(), taskId: Type.String() },
        counts: Type.Array(Type.Integer(), { description: 'Per bucket' }),
      }),
    ),
    sql,
  },
  { description: 'Like failures together, the most frequent first' },
);

export const workersAnswer = Type.Object(
  {
    workers: list(
      Type.Object({
        ...{ worker: Type.String(), pipeline: Type.String(), stage: Type.String() },
        state: Type.Union([Type.Literal('running'), Type.Literal('silent'), Type.Literal('left')]),
        ...{ startedAt: epochMs('Of the process'), lastSeen: epochMs('Last word'), codeVersion: Type.String() },
        ...Object.fromEntries(
          ['partitions', 'inFlight', 'queued', 'done', 'failed', 'retried', 'expired', 'memoryBytes'].map((field) => [
            field,
            Type.Integer(),
          ]),
        ),
        ...{ donePerSecond: orNull(Type.Number()), failedPerSecond: orNull(Type.Number()) },
      }),
    ),
    sql,
  },
  { description: 'Workers, a row a stage, by their last word' },
);

const heatMap = Type.Array(Type.Array(Type.Number()), { description: 'By bucket, then by bound: attempts, about' });

export const latencyAnswer = Type.Object(
  {
    ...axis,
    boundsMs: Type.Array(Type.Number(), { description: 'Upper bounds of the rows' }),
    ...{ run: heatMap, wait: heatMap, sql },
  },
  { description: 'Two heat-maps' },
);

export const flowParameters = Type.Object(
  { window: Type.Optional(span('15m', 'How far back; default 15m')) },
  { additionalProperties: false },
);

export const flowAnswer = Type.Object(
  {
    windowMs: Type.Integer(),
    edges: list(
      Type.Object({
        from: Type.String({ description: 'Stage' }),
        to: Type.String({ description: 'Stage; empty: the task ended' }),
        ...{ outcome: Type.String(), tasks: Type.Integer() },
      }),
    ),
    sql,
  },
  { description: 'Ways between stages, with how many took them' },
);

export const lagParameters = Type.Object(
  {
    window: Type.Optional(span('15m', 'How far back; default 15m')),
    step: Type.Optional(span('10s', 'Length of a bucket; default: some hundred buckets')),
    until,
  },
  { additionalProperties: false },
);

const { partialSince: _, ...lagAxis } = axis;

export const lagAnswer = Type.Object(
  {
    ...lagAxis,
    series: list(
      Type.Object({
        stage: Type.String(),
        lag: Type.Array(orNull(Type.Integer()), { description: 'Records; null: nobody owned a partition' }),
      }),
    ),
    owners: list(Type.Object({ stage: Type.String(), partition: Type.Integer(), worker: Type.String() })),
    sql,
  },
  { description: 'Backlog over time, as the owners of the partitions told it' },
);

export const backlogFields = {
  lag: orNull(Type.Integer({ description: 'Records not committed yet; null: Kafka did not say' })),
  partitions: list(
    Type.Object({
      ...{ partition: Type.Integer(), committed: Type.Integer(), endOffset: Type.Integer(), lag: Type.Integer() },
    }),
  ),
  inPerSecond: orNull(Type.Number()),
  outPerSecond: orNull(Type.Number()),
  trend: Type.Union(['idle', 'draining', 'growing', 'stalled', 'unknown'].map((trend) => Type.Literal(trend))),
  etaMs: orNull(Type.Integer({ description: 'Until nothing is left at this pace; null: no end in sight' })),
  inFlight: orNull(Type.Integer({ description: 'Tasks whose handler runs, over all workers' })),
  workers: orNull(Type.Integer({ description: 'Workers that run it' })),
};
