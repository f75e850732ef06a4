import { PenstockError } from '../schemas/errors.ts';
import type { RecordSchema } from '../schemas/record-schema.ts';
import { stageTopic } from '../topics/names.ts';

/** A stage as the gateway knows it: it takes tasks in, it never runs them. */
export interface CatalogueStage {
  readonly name: string;
  readonly input: RecordSchema<unknown>;
  /** Its delays ('10s', '10m'), a topic each. */
  readonly retry?: { readonly delayed: readonly string[] };
}

/** A `Pipeline` of processors fits this shape; the gateway does not import processors. */
export interface CataloguePipeline {
  readonly name: string;
  readonly stages: readonly CatalogueStage[];
}

/** Where a task goes in, and the schema that it must fit. */
export interface Target {
  readonly pipeline: string;
  readonly stage: string;
  readonly topic: string;
  readonly subject: string;
  readonly schema: RecordSchema<unknown>;
}

/** The stage named, or the pipeline's first. Throws PIPE_PIPELINE_UNKNOWN, PIPE_STAGE_UNKNOWN. */
export function findTarget(pipelines: readonly CataloguePipeline[], pipelineName: string, stageName?: string): Target {
  const pipeline = pipelines.find(({ name }) => name === pipelineName);
  if (!pipeline) {
    throw new PenstockError(
      'PIPE_PIPELINE_UNKNOWN',
      `no pipeline “${shown(pipelineName)}”; known: ${names(pipelines)}`,
    );
  }
  const stage = stageName === undefined ? pipeline.stages[0] : pipeline.stages.find(({ name }) => name === stageName);
  if (!stage) {
    throw new PenstockError(
      'PIPE_STAGE_UNKNOWN',
      `pipeline “${pipeline.name}” has no stage “${shown(stageName ?? '')}”; it has: ${names(pipeline.stages)}`,
    );
  }
  return targetOf(pipeline, stage);
}

/** Made once a stage: a task looks its topic and subject up in several maps, and new texts are hashed anew each time. */
const targets = new WeakMap<CatalogueStage, Target>();

function targetOf(pipeline: CataloguePipeline, stage: CatalogueStage): Target {
  const known = targets.get(stage);
  if (known?.pipeline === pipeline.name) return known;
  const topic = stageTopic(pipeline.name, stage.name);
  const target = { pipeline: pipeline.name, stage: stage.name, topic, subject: `${topic}-value`, schema: stage.input };
  targets.set(stage, target);
  return target;
}

const names = (named: readonly { name: string }[]): string => named.map(({ name }) => name).join(', ');

/** Names come from outside and end in messages and logs: short, and without control characters. */
const shown = (name: string): string => name.replace(/\p{C}/gu, '�').slice(0, 80);
