import type { FastifyInstance } from 'fastify';
import { deadLetterTopic, stageGroup, stageTopic } from '../../topics/names.ts';
import { type CataloguePipeline, findTarget } from '../catalogue.ts';

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

export function addPipelineRoutes(app: FastifyInstance, pipelines: readonly CataloguePipeline[]): void {
  app.get('/v1/pipelines', async () => ({ pipelines: pipelines.map(describePipeline) }));

  app.get<{ Params: { pipeline: string } }>('/v1/pipelines/:pipeline', async (request) => {
    const { pipeline } = findTarget(pipelines, request.params.pipeline);
    return pipelines.filter(({ name }) => name === pipeline).map(describePipeline)[0];
  });
}
