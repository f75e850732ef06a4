import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import type { Codec } from '../../schemas/codec.ts';
import { readEnvelope } from '../../schemas/envelope.ts';
import { PenstockError } from '../../schemas/errors.ts';
import { topicsOfStage } from '../../topics/catalogue.ts';
import type { CataloguePipeline, CatalogueStage } from '../catalogue.ts';
import type { History, TaskDetail, TimelineEntry } from '../history/history.ts';
import { scopeOf } from '../identity/identity.ts';
import type { RecordReader } from '../records/record-reader.ts';
import { decodeValue, headersOf, keyField, keyOf, storedRecordFields } from '../records/stored-record.ts';
import { taskParams } from './tasks.ts';

export interface TaskRecordRouteOptions {
  readonly pipelines: readonly CataloguePipeline[];
  readonly history: History;
  readonly records: RecordReader;
  readonly codec: Codec;
}

const query = Type.Object(
  { stage: Type.Optional(Type.String({ description: 'Default: where it is, or ended', maxLength: 100 })) },
  { additionalProperties: false },
);
const taskRecord = Type.Object(
  {
    ...{ stage: Type.String(), topic: Type.String(), partition: Type.Integer(), offset: Type.Integer() },
    at: Type.Integer({ description: 'When it was written; epoch ms' }),
    key: keyField,
    bytes: Type.Integer({ description: 'Of its value' }),
    ...storedRecordFields,
  },
  { description: 'The record' },
);

/** GET /v1/tasks/:id/record: what a task brought to a stage, as Kafka stores it. */
export function addTaskRecordRoute(
  app: FastifyInstance,
  { pipelines, history, records, codec }: TaskRecordRouteOptions,
) {
  app.get<{ Params: Static<typeof taskParams>; Querystring: Static<typeof query> }>(
    '/v1/tasks/:id/record',
    {
      config: {
        role: 'read',
        problems: [
          ...(['PIPE_TASK_NOT_FOUND', 'PIPE_TASK_RECORD_GONE', 'PIPE_STAGE_UNKNOWN'] as const),
          ...(['PIPE_CLICKHOUSE_UNAVAILABLE', 'PIPE_BROKER_UNAVAILABLE'] as const),
        ],
      },
      schema: {
        summary: 'Payload, key and headers of a task, as Kafka stores them',
        description:
          'Of its newest record at that stage. Kafka deletes records when the retention of their topic is over.',
        ...{ tags: ['tasks'], params: taskParams, querystring: query, response: { 200: taskRecord } },
      },
    },
    async ({ params: { id }, query: { stage: wanted }, identity }) => {
      const task = await history.task(id, scopeOf(identity));
      if (!task) throw new PenstockError('PIPE_TASK_NOT_FOUND', 'no attempt of this task is recorded yet');
      const { stage, entry } = placeOf(task, pipelines, wanted);
      const { topic, partition, offset } = entry;
      const record = await records.record({ topic, partition, offset });
      // A topic that was made anew counts its records from 0 again.
      if (!record || readEnvelope(record.headers, entry, record.timestampMs).id !== id) {
        throw new PenstockError('PIPE_TASK_RECORD_GONE', `Kafka no longer holds ${topic}/${partition}/${offset}`);
      }
      return {
        ...{ stage: stage.name, topic, partition, offset, at: record.timestampMs },
        ...{ key: keyOf(record), bytes: record.value?.length ?? 0, headers: headersOf(record) },
        ...(await decodeValue(codec, stage.input, record)),
      };
    },
  );
}

interface FoundPlace {
  readonly stage: CatalogueStage;
  readonly entry: TimelineEntry;
}

/** Where it was last at that stage. Rows of the history come from workers: no topic but the stage's own is read. */
function placeOf(task: TaskDetail, pipelines: readonly CataloguePipeline[], wanted = task.stage): FoundPlace {
  const stage = pipelines.find(({ name }) => name === task.pipeline)?.stages.find(({ name }) => name === wanted);
  const topics = stage ? topicsOfStage(task.pipeline, stage).filter(({ kind }) => kind !== 'dead-letter') : [];
  const entry = task.timeline.findLast(
    (each) => each.stage === wanted && topics.some(({ topic }) => topic === each.topic),
  );
  if (!stage || !entry) throw new PenstockError('PIPE_STAGE_UNKNOWN', 'the task was at no such stage');
  return { stage, entry };
}
