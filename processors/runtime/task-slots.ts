import type { AnyStage } from '../pipeline.ts';

/** Tasks of the stage that may be under way at once. */
export function slotsOf({ concurrency, batch }: AnyStage): number {
  return batch === undefined ? concurrency : concurrency * batch.maxSize;
}
