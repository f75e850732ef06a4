import { PenstockError } from '../schemas/errors.ts';

export interface BatchPolicy {
  /** Most tasks in one call; 1 to 10 000. Default 100. */
  readonly maxSize?: number;
  /** How long tasks wait for company while nothing else can run; 0 to 10 000. Default 50. */
  readonly maxWaitMs?: number;
}

const mostTasks = 10_000;
const longestWaitMs = 10_000;

/** Fills in defaults. Throws PIPE_CONFIG_INVALID for what is out of bounds. */
export function fillBatchPolicy(stage: string, policy: BatchPolicy = {}): Required<BatchPolicy> {
  const { maxSize = 100, maxWaitMs = 50 } = policy;
  if (!isWhole(maxSize, 1, mostTasks)) throw outOfBounds(stage, 'maxSize', maxSize, `from 1 to ${mostTasks}`);
  if (!isWhole(maxWaitMs, 0, longestWaitMs)) throw outOfBounds(stage, 'maxWaitMs', maxWaitMs, `up to ${longestWaitMs}`);
  return { maxSize, maxWaitMs };
}

function isWhole(value: unknown, least: number, most: number): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;
}

function outOfBounds(stage: string, name: string, value: unknown, bounds: string): PenstockError {
  const message = `stage “${stage}”: batch.${name} must be a whole number ${bounds}, not ${String(value)}`;
  return new PenstockError('PIPE_CONFIG_INVALID', message);
}
