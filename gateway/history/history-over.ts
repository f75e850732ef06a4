import type { History } from './history.ts';
import { type Query, type Row, taskDetail, taskQuery, taskSummary, tasksQuery, timelineQuery } from './queries.ts';

/** The history over whatever runs its queries, the gateway's connection or the command line's. */
export function historyOver(read: (query: Query) => Promise<readonly Row[]>, close: () => Promise<void>): History {
  return {
    async task(id, scope) {
      const [[task], timeline] = await Promise.all([read(taskQuery(id, scope)), read(timelineQuery(id, scope))]);
      return task ? taskDetail(task, timeline) : undefined;
    },
    async tasks(filter) {
      return (await read(tasksQuery(filter))).map(taskSummary);
    },
    close,
  };
}
