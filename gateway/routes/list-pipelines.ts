import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { deadLetterTopic, stageGroup, stageTopic } from '../../topics/names.ts';
import { type CataloguePipeline, findTarget } from '../catalogue.ts';
import { knownTo } from '../identity/identity.ts';
import { type StageLoad, type StageLoads, unknownLoad } from '../stats/stage-loads.ts';
import { backlogFields } from './stats-schemas.ts';

/** A pipeline's stages: topics, the schema of each payload, and what waits in them. */
function describePipeline(pipeline: CataloguePipeline, loads: ReadonlyMap<string, StageLoad>) {
  return {
    name: pipeline.name,
    stages: pipeline.stages.map((stage) => ({
      name: stage.name,
      topic: stageTopic(pipeline.name, stage.name),
      group: stageGroup(pipeline.name, stage.name),
      deadLetterTopic: deadLetterTopic(pipeline.name, stage.name),
      input: stage.input.avro,
      ...(loads.get(stageTopic(pipeline.name, stage.name)) ?? unknownLoad),
    })),
  };
}

const pipelineSchema = Type.Object(
  {
    name: Type.String(),
    stages: Type.Array(
      Type.Object({
        name: Type.String(),
        topic: Type.String(),
        group: Type.String({ description: 'Consumer group' }),
        deadLetterTopic: Type.String(),
        input: Type.Unknown({ description: 'Avro schema of the payload' }),
        ...backlogFields,
      }),
    ),
  },
  { description: 'The pipeline' },
);
const pipelineList = Type.Object({ pipelines: Type.Array(pipelineSchema) }, { description: 'The pipelines' });
const pipelineParams = Type.Object({ pipeline: Type.String({ maxLength: 100, examples: ['assets'] }) });

export function addPipelineRoutes(
  app: FastifyInstance,
  pipelines: readonly CataloguePipeline[],
  loads: StageLoads,
): void {
  const tags = ['pipelines'];
  app.get(
    '/v1/pipelines',
    {
      config: { role: 'read' },
      schema: { summary: 'All pipelines, with lag and end in sight', tags, response: { 200: pipelineList } },
    },
    async (request) => {
      const known = knownTo(request.identity, pipelines);
      const found = await loads.of(known, request.identity);
      return { pipelines: known.map((pipeline) => describePipeline(pipeline, found)) };
    },
  );

  app.get<{ Params: Static<typeof pipelineParams> }>(
    '/v1/pipelines/:pipeline',
    {
      config: { role: 'read', problems: ['PIPE_PIPELINE_UNKNOWN'] },
      schema: {
        summary: 'One pipeline: its stages, topics and schemas, lag and end in sight',
        tags,
        params: pipelineParams,
        response: { 200: pipelineSchema },
      },
    },
    async (request) => {
      const known = knownTo(request.identity, pipelines);
      const { pipeline } = findTarget(known, request.params.pipeline);
      const asked = known.filter(({ name }) => name === pipeline);
      const found = await loads.of(asked, request.identity);
      return asked.map((each) => describePipeline(each, found))[0];
    },
  );
}
