import { PenstockError } from '../schemas/errors.ts';
import type { Stage } from './stage.ts';

/** A named graph of stages. The first is where tasks enter unless the submitter names another. */
export interface Pipeline {
  readonly name: string;
  readonly stages: readonly AnyStage[];
  /** Whether every task that ends is told on `<name>.done`; false: only those that somebody waits for. */
  readonly done: boolean;
}

/** A stage whose payload type is forgotten: what the runtime works with. */
export type AnyStage = Stage<unknown>;

const validName = /^[a-z0-9][a-z0-9-]{0,62}$/;

export interface PipelineDefinition {
  /** Lower-case letters, digits and hyphens. */
  readonly name: string;
  readonly stages: readonly AnyStage[];
  /** Tell the end of every task on the topic `<name>.done`, a record each. Default: only where somebody waits for it. */
  readonly done?: boolean;
}

export function definePipeline(definition: PipelineDefinition): Pipeline {
  const { name, stages, done = false } = definition;
  if (!validName.test(name) || name === 'penstock') {
    throw new PenstockError(
      'PIPE_CONFIG_INVALID',
      `pipeline name “${name}” must match ${validName.source} and not be “penstock”`,
    );
  }
  if (stages.length === 0) throw new PenstockError('PIPE_CONFIG_INVALID', `pipeline “${name}” has no stage`);
  const doubled = stages.find((stage, index) => stages.findIndex((other) => other.name === stage.name) !== index);
  if (doubled)
    throw new PenstockError('PIPE_CONFIG_INVALID', `pipeline “${name}” has two stages named “${doubled.name}”`);
  return { name, stages: [...stages], done };
}
