import type { RecordSchema } from '../../schemas/record-schema.ts';
import { deadLetterTopic, doneTopic, retryDelays, retryTopic, stageGroup, stageTopic } from '../../topics/names.ts';
import type { AnyStage, Pipeline } from '../pipeline.ts';
import { parseDelay } from '../retry-delay.ts';

/** Where an output for a stage goes, and how it is written. */
export interface Target {
  readonly topic: string;
  /** Registry subject of the value. */
  readonly subject: string;
  readonly schema: RecordSchema<unknown>;
}

/** Where a stage's tasks wait for one of its delays. */
export interface RetryTopic {
  readonly topic: string;
  readonly delayMs: number;
}

/** A stage with its names worked out, so that the hot path joins no strings. */
export interface StagePlan {
  readonly pipeline: string;
  readonly stage: AnyStage;
  readonly topic: string;
  readonly group: string;
  readonly deadLetterTopic: string;
  readonly doneTopic: string;
  /** The end of every task is told there, not of those alone that somebody waits for. */
  readonly tellsAll: boolean;
  /** Those of the retry policy at its indexes; the standing one is among them, or comes after. */
  readonly retryTopics: readonly RetryTopic[];
  /** By stage name; the stages of the same pipeline, this one included. */
  readonly targets: ReadonlyMap<string, Target>;
}

export function planStage(pipeline: Pipeline, stage: AnyStage): StagePlan {
  return {
    pipeline: pipeline.name,
    stage,
    topic: stageTopic(pipeline.name, stage.name),
    group: stageGroup(pipeline.name, stage.name),
    deadLetterTopic: deadLetterTopic(pipeline.name, stage.name),
    doneTopic: doneTopic(pipeline.name),
    tellsAll: pipeline.done === true,
    retryTopics: retryDelays(stage.retry.delayed).map((delay) => ({
      topic: retryTopic(pipeline.name, stage.name, delay),
      delayMs: parseDelay(delay),
    })),
    targets: new Map(pipeline.stages.map((each) => [each.name, targetOf(pipeline, each)])),
  };
}

function targetOf(pipeline: Pipeline, stage: AnyStage): Target {
  const topic = stageTopic(pipeline.name, stage.name);
  return { topic, subject: `${topic}-value`, schema: stage.input };
}
