import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import type { Codec } from '../../schemas/codec.ts';
import { PenstockError } from '../../schemas/errors.ts';
import { deadLetterTopic } from '../../topics/names.ts';
import { type CataloguePipeline, type CatalogueStage, findTarget } from '../catalogue.ts';
import { otherHeaders, readDeadLetter } from '../dead-letters/dead-letter.ts';
import type { DeadLetters } from '../dead-letters/dead-letters.ts';
import { readPositions, writePositions } from '../dead-letters/position.ts';
import { type Identity, knownTo, maySee } from '../identity/identity.ts';
import type { RecordReader } from '../records/record-reader.ts';
import { decodeValue, keyField, storedRecordFields } from '../records/stored-record.ts';

export interface DeadLetterRoutesOptions {
  readonly pipelines: readonly CataloguePipeline[];
  readonly letters: DeadLetters;
  readonly records: RecordReader;
  readonly codec: Codec;
}

const listQuery = Type.Object(
  {
    pipeline: Type.Optional(Type.String({ description: 'Default: all pipelines', maxLength: 100 })),
    stage: Type.Optional(Type.String({ description: 'Of that pipeline; default: all stages', maxLength: 100 })),
    limit: Type.Integer({ description: 'Of each partition', minimum: 1, maximum: 100, default: 25 }),
    cursor: Type.Optional(Type.String({ description: 'Of an earlier answer', pattern: '^[A-Za-z0-9_-]{0,20000}$' })),
  },
  { additionalProperties: false },
);
const placeParams = Type.Object({
  topic: Type.String({ maxLength: 249, examples: ['assets.download.dlq'] }),
  partition: Type.Integer({ minimum: 0, maximum: 1_000_000, examples: [0] }),
  offset: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, examples: [0] }),
});

const summaryFields = {
  topic: Type.String(),
  partition: Type.Integer(),
  offset: Type.Integer(),
  at: Type.Integer({ description: 'When it was written; epoch ms' }),
  taskId: Type.String(),
  tenant: Type.String({ description: 'Empty: none' }),
  key: keyField,
  bytes: Type.Integer({ description: 'Of its value' }),
  stage: Type.String({ description: 'Stage that gave it up' }),
  code: Type.String({ description: 'Why; empty: its header does not say' }),
  message: Type.String(),
  attempts: Type.Integer(),
  firstFailedAt: Type.Integer({ description: 'Epoch ms; 0: not known' }),
  lastFailedAt: Type.Integer({ description: 'Epoch ms; 0: not known' }),
  origin: Type.String({ description: 'topic/partition/offset that it was read from' }),
};
const letterList = Type.Object(
  {
    letters: Type.Array(Type.Object(summaryFields)),
    cursor: Type.Optional(Type.String({ description: 'Gives older ones; absent on the last page' })),
    stored: Type.Integer({ description: 'Dead letters in these topics, of all tenants' }),
    isPartial: Type.Boolean({ description: 'They were too large to be read at once: some are missing' }),
  },
  { description: 'The newest of each partition' },
);
const letterDetail = Type.Object(
  {
    ...summaryFields,
    ...storedRecordFields,
  },
  { description: 'The dead letter' },
);
const tags = ['dead letters'];

/** What was given up, straight from Kafka: a page of it, and one in full. */
export function addDeadLetterRoutes(app: FastifyInstance, options: DeadLetterRoutesOptions): void {
  addList(app, options);
  addDetail(app, options);
}

function addList(app: FastifyInstance, { pipelines, letters }: DeadLetterRoutesOptions): void {
  app.get<{ Querystring: Static<typeof listQuery> }>(
    '/v1/dead-letters',
    {
      config: { role: 'read', problems: ['PIPE_PIPELINE_UNKNOWN', 'PIPE_STAGE_UNKNOWN', 'PIPE_BROKER_UNAVAILABLE'] },
      schema: {
        summary: 'Dead letters, newest first',
        ...{ tags, querystring: listQuery, response: { 200: letterList } },
      },
    },
    async ({ query, identity }) => {
      const owners = ownersOf(pipelines, identity);
      const { pipeline, stage } = query;
      if (pipeline !== undefined || stage !== undefined) {
        const known = knownTo(identity, pipelines);
        findTarget(known, pipeline ?? '', stage);
      }
      const asked = [...owners].filter(
        ([, owner]) =>
          owner.pipeline === (pipeline ?? owner.pipeline) && owner.stage.name === (stage ?? owner.stage.name),
      );
      const topics = asked.map(([topic]) => topic);
      const page = await letters.page(topics, query.limit, readPositions(query.cursor));
      const seen = page.letters.filter(({ topic, tenant }) =>
        maySee(identity, { tenant, pipeline: owners.get(topic)?.pipeline ?? '' }),
      );
      return {
        letters: seen,
        ...(page.older && { cursor: writePositions(page.older) }),
        // How many others have is not theirs to know.
        stored: identity.tenant === undefined ? page.stored : seen.length,
        isPartial: page.isPartial,
      };
    },
  );
}

function addDetail(app: FastifyInstance, { pipelines, records, codec }: DeadLetterRoutesOptions): void {
  app.get<{ Params: Static<typeof placeParams> }>(
    '/v1/dead-letters/:topic/:partition/:offset',
    {
      config: { role: 'read', problems: ['PIPE_TASK_NOT_DEAD_LETTER', 'PIPE_BROKER_UNAVAILABLE'] },
      schema: {
        summary: 'One dead letter: its payload, decoded, and why it was given up',
        ...{ tags, params: placeParams, response: { 200: letterDetail } },
      },
    },
    async ({ params: place, identity }) => {
      const found = ownersOf(pipelines, identity).get(place.topic);
      const record = found && (await records.record(place));
      const letter = record && readDeadLetter(record, place);
      if (!found || !letter || !maySee(identity, { tenant: letter.tenant, pipeline: found.pipeline })) {
        throw new PenstockError('PIPE_TASK_NOT_DEAD_LETTER', 'there is no dead letter at that place');
      }
      return { ...letter, headers: otherHeaders(record), ...(await decodeValue(codec, found.stage.input, record)) };
    },
  );
}

interface Owner {
  readonly pipeline: string;
  readonly stage: CatalogueStage;
}

/** By dead letter topic, of the pipelines that the caller knows: no other topic is read, whatever its name. */
function ownersOf(pipelines: readonly CataloguePipeline[], identity: Identity): ReadonlyMap<string, Owner> {
  const known = knownTo(identity, pipelines);
  return new Map(
    known.flatMap(({ name: pipeline, stages }) =>
      stages.map((stage) => [deadLetterTopic(pipeline, stage.name), { pipeline, stage }] as const),
    ),
  );
}
