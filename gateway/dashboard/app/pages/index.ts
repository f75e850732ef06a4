import { pagePaths } from '../../page-paths.ts';
import { matchPath } from '../lib/match-path.ts';
import { DeadLettersPage } from './dead-letters.tsx';
import { ErrorsPage } from './errors.tsx';
import { LatencyPage } from './latency.tsx';
import { OverviewPage } from './overview.tsx';
import type { Page, PathParams } from './page.ts';
import { PipelinesPage } from './pipelines.tsx';
import { SubmitPage } from './submit.tsx';
import { TaskPage } from './task.tsx';
import { TasksPage } from './tasks.tsx';
import { ThroughputPage } from './throughput.tsx';
import { TopicsPage } from './topics.tsx';
import { WorkersPage } from './workers.tsx';

/** In the order of the side bar. */
export const pages: readonly Page[] = [
  { path: pagePaths.overview, title: 'Overview', group: 'Now', role: 'read', view: OverviewPage },
  { path: pagePaths.throughput, title: 'Throughput', group: 'Now', role: 'read', view: ThroughputPage },
  { path: pagePaths.latency, title: 'Latency', group: 'Now', role: 'read', view: LatencyPage },
  { path: pagePaths.errors, title: 'Errors', group: 'Now', role: 'read', view: ErrorsPage },
  { path: pagePaths.tasks, title: 'Tasks', group: 'Tasks', role: 'read', view: TasksPage },
  { path: pagePaths.task, title: 'Task', role: 'read', view: TaskPage },
  { path: pagePaths.deadLetters, title: 'Dead letters', group: 'Tasks', role: 'read', view: DeadLettersPage },
  { path: pagePaths.submit, title: 'Submit', group: 'Tasks', role: 'submit', view: SubmitPage },
  { path: pagePaths.pipelines, title: 'Pipelines', group: 'System', role: 'read', view: PipelinesPage },
  {
    path: pagePaths.topics,
    title: 'Topics and groups',
    group: 'System',
    role: 'read',
    isForAll: true,
    view: TopicsPage,
  },
  { path: pagePaths.workers, title: 'Workers', group: 'System', role: 'read', isForAll: true, view: WorkersPage },
];

export interface FoundPage {
  readonly page: Page;
  readonly params: PathParams;
}

export function findPage(path: string): FoundPage | undefined {
  for (const page of pages) {
    const params = matchPath(page.path, path);
    if (params) return { page, params };
  }
  return undefined;
}
