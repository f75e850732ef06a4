import type { EndState, ResultBlob } from '../../schemas/task-ending.ts';
import type { CataloguePipeline } from '../catalogue.ts';
import { endOf, type History } from '../history/history.ts';
import { type Identity, maySee, scopeOf } from '../identity/identity.ts';
import type { DoneFeed } from './done-feed.ts';

export interface FoundTask {
  /** undefined: it has not ended. */
  readonly end: EndState | undefined;
  readonly result?: unknown;
  readonly blob?: ResultBlob;
}

export interface TaskSources {
  readonly pipelines: readonly CataloguePipeline[];
  readonly feed: DoneFeed;
  readonly history: History;
}

/** What is known of the task's end: told lately, or in the history. undefined: no such task for this caller, or not yet. */
export async function findTask(
  id: string,
  identity: Identity,
  { pipelines, feed, history }: TaskSources,
): Promise<FoundTask | undefined> {
  for (const { name } of pipelines) {
    const ending = feed.recent(name, id);
    if (ending && maySee(identity, ending)) return { ...ending, end: ending.state };
  }
  const task = await history.task(id, scopeOf(identity));
  return task && { ...task, end: endOf(task) };
}
