import { Type } from 'typebox';
import type { ErrorCode } from '../../schemas/error-catalogue.ts';
import { problemSchema } from '../openapi/problems.ts';

/** What the reference says of POST …/tasks. The examples run as tests, against the pipeline `assets`. */
export const submitTexts = {
  summary: 'Submit tasks',
  description:
    'One task: a JSON object, or a CloudEvent in binary or structured mode. Many: a JSON array, one object a line as ' +
    'NDJSON (streamed, of any length), or a CloudEvents batch; each is accepted or rejected by itself. 202 is sent after ' +
    'all in-sync replicas have the tasks. After a 503 it is not known whether Kafka took them: repeat with an ' +
    'Idempotency-Key, which gives the same id each time. Bodies may be gzip, deflate or br.',
  tags: ['tasks'],
};

const url = 'https://cdn.jsdelivr.net/npm/vega-datasets@3.2.1/data/cars.json';
const payload = Type.Record(Type.String(), Type.Unknown(), {
  description: 'A payload that fits the input schema of the stage (GET /v1/pipelines/{pipeline})',
  examples: [{ url }],
});

/** Each is checked by itself: one that is wrong is no fault of the request. */
const item = Type.Unknown({
  description: 'A payload, or an event in structured mode; each is accepted or rejected by itself',
});

const eventSchema = Type.Object(
  {
    specversion: Type.Literal('1.0'),
    id: Type.String({ minLength: 1, maxLength: 256, description: 'Becomes the id of the task' }),
    source: Type.String({ minLength: 1, maxLength: 256 }),
    type: Type.String({ minLength: 1 }),
    time: Type.Optional(Type.String({ format: 'date-time' })),
    datacontenttype: Type.Optional(Type.Literal('application/json')),
    partitionkey: Type.Optional(Type.String({ description: 'Ordering key', minLength: 1, maxLength: 1_024 })),
    traceparent: Type.Optional(Type.String()),
    data: Type.Optional(Type.Unknown({ description: 'The payload' })),
  },
  { description: 'A CloudEvent in structured mode' },
);
const event = { specversion: '1.0', id: 'order-18', source: '/shop', type: 'shop.file.added', data: { url } };

export const receiptSchema = Type.Object(
  {
    id: Type.String({ description: 'Id of the task' }),
    pipeline: Type.String(),
    stage: Type.String(),
    topic: Type.String(),
    partition: Type.Integer(),
    offset: Type.Integer(),
  },
  { description: 'Where the task stands in Kafka' },
);

const batchSchema = Type.Object(
  {
    accepted: Type.Integer({ description: 'How many Kafka has' }),
    rejected: Type.Array(
      Type.Object({ index: Type.Integer({ description: 'Position in the batch, from 0' }), error: problemSchema }),
    ),
    ids: Type.Array(Type.String(), { description: 'Of the accepted ones, in their order' }),
  },
  { description: 'What became of each task of a batch' },
);

const problems: readonly ErrorCode[] = [
  'PIPE_BROKER_UNAVAILABLE',
  'PIPE_GATEWAY_BATCH_TOO_LARGE',
  'PIPE_GATEWAY_BODY_INVALID',
  'PIPE_GATEWAY_BODY_TOO_LARGE',
  'PIPE_GATEWAY_CONTENT_TYPE',
  'PIPE_GATEWAY_EVENT_INVALID',
  'PIPE_GATEWAY_IDEMPOTENCY_CONFLICT',
  'PIPE_GATEWAY_IDEMPOTENCY_IN_FLIGHT',
  'PIPE_GATEWAY_OVERLOADED',
  'PIPE_PIPELINE_UNKNOWN',
  'PIPE_REGISTRY_UNAVAILABLE',
  'PIPE_STAGE_UNKNOWN',
  'PIPE_TASK_NOT_JSON',
  'PIPE_TASK_SCHEMA_MISMATCH',
  'PIPE_TASK_TOO_LARGE',
  'PIPE_TOPIC_UNKNOWN',
];

export const submitReference = {
  problems,
  headers: Type.Object({
    'idempotency-key': Type.Optional(Type.String({ description: 'Same key, same task', pattern: '^[ -~]{1,255}$' })),
    traceparent: Type.Optional(Type.String({ description: 'W3C trace context', maxLength: 256 })),
  }),
  body: {
    'application/json': {
      schema: Type.Union([payload, Type.Array(item)], { examples: [{ url }, [{ url }, { url }]] }),
    },
    'application/x-ndjson': {
      schema: Type.String({ description: 'One object a line', examples: [`{"url":"${url}"}\n{"url":"${url}"}\n`] }),
    },
    'application/cloudevents+json': { schema: Type.Union([eventSchema], { examples: [event] }) },
    'application/cloudevents-batch+json': { schema: Type.Array(item, { examples: [[event]] }) },
  },
  responses: { 202: Type.Union([receiptSchema, batchSchema], { description: 'Kafka has what is listed' }) },
};
