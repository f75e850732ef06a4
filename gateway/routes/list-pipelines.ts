import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { deadLetterTopic, stageGroup, stageTopic } from '../../topics/names.ts';
import { type CataloguePipeline, findTarget } from '../catalogue.ts';
import { knows } from '../identity/identity.ts';

/** What a submitter needs to know of a pipeline: its stages, their topics, and the schema of each payload. */
function describePipeline(pipeline: CataloguePipeline) {
  return {
    name: pipeline.name,
    stages: pipeline.stages.map((stage) => ({
      name: stage.name,
      topic: stageTopic(pipeline.name, stage.name),
      group: stageGroup(pipeline.name, stage.name),
      deadLetterTopic: deadLetterTopic(pipeline.name, stage.name),
      input: stage.input.avro,
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
      }),
    ),
  },
  { description: 'The pipeline' },
);
const pipelineList = Type.Object({ pipelines: Type.Array(pipelineSchema) }, { description: 'The pipelines' });
const pipelineParams = Type.Object({ pipeline: Type.String({ maxLength: 100, examples: ['assets'] }) });

export function addPipelineRoutes(app: FastifyInstance, pipelines: readonly CataloguePipeline[]): void {
  const tags = ['pipelines'];
  app.get(
    '/v1/pipelines',
    { config: { role: 'read' }, schema: { summary: 'All pipelines', tags, response: { 200: pipelineList } } },
    async (request) => ({
      pipelines: pipelines.filter(({ name }) => knows(request.identity, name)).map(describePipeline),
    }),
  );

  app.get<{ Params: Static<typeof pipelineParams> }>(
    '/v1/pipelines/:pipeline',
    {
      config: { role: 'read', problems: ['PIPE_PIPELINE_UNKNOWN'] },
      schema: {
        summary: 'One pipeline: its stages, topics and schemas',
        tags,
        params: pipelineParams,
        response: { 200: pipelineSchema },
      },
    },
    async (request) => {
      const known = pipelines.filter(({ name }) => knows(request.identity, name));
      const { pipeline } = findTarget(known, request.params.pipeline);
      return known.filter(({ name }) => name === pipeline).map(describePipeline)[0];
    },
  );
}
