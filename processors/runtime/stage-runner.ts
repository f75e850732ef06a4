import { StageEngine } from './stage-engine.ts';
import type { StageRunner, StageRunnerOptions } from './stage-runner-options.ts';

export type { StageStats } from './stage-counts.ts';
export type { StageRunner, StageRunnerOptions } from './stage-runner-options.ts';

/** Joins the stage's group and runs its tasks until stop(). Resolves when the first partitions are assigned. */
export async function startStageRunner(options: StageRunnerOptions): Promise<StageRunner> {
  const engine = new StageEngine(options);
  await engine.start();
  return engine;
}
