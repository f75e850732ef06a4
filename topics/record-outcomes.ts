import type { PenstockError } from '../schemas/errors.ts';
import type { RecordPlace } from './ports.ts';

/** What became of one record of a send that was rejected; undefined: nobody knows. */
export type RecordOutcome = RecordPlace | PenstockError | undefined;

const known = new WeakMap<object, readonly RecordOutcome[]>();

export function noteOutcomes(rejection: PenstockError, outcomes: readonly RecordOutcome[]): void {
  known.set(rejection, outcomes);
}

/** By the place of the record in the call; for who sends what belongs to several callers. */
export function outcomesOf(rejection: unknown): readonly RecordOutcome[] {
  return (typeof rejection === 'object' && rejection !== null && known.get(rejection)) || [];
}
