import { PenstockError } from '../schemas/errors.ts';
import type { Stage } from './stage.ts';

/** A named graph of stages. The first is where tasks enter unless the submitter names another. */
export interface Pipeline {
  readonly name: string;
  readonly stages: readonly AnyStage[];
}

/** A stage whose payload type is forgotten: what the runtime works with. */
export type AnyStage = Stage<unknown>;

const validName = /^[a-z0-9][a-z0-9-]{0,62}$/;

export function definePipeline(definition: { name: string; stages: readonly AnyStage[] }): Pipeline {
  const { name, stages } = definition;
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
  return { name, stages: [...stages] };
}
