import type { History, TaskFilter } from './history.ts';
import { type Query, type Row, taskDetail, taskQuery, taskSummary, tasksQuery, timelineQuery } from './queries.ts';

/** The history over whatever runs its queries, the gateway's connection or the command line's. */
export function historyOver(read: (query: Query) => Promise<readonly Row[]>, close: () => Promise<void>): History {
  return {
    async task(id, scope) {
      const [[task], timeline] = await Promise.all([read(taskQuery(id, scope)), read(timelineQuery(id, scope))]);
      return task ? taskDetail(task, timeline) : undefined;
    },
    async tasks(filter) {
      return (await newestTasks(read, filter)).map(taskSummary);
    },
    close,
  };
}

const hourMs = 3_600_000;
const spansMs = [hourMs, 24 * hourMs, 240 * hourMs];

/** Looks back an hour, a day, ten days, and only then over all: a page of the newest is seldom older. */
async function newestTasks(
  read: (query: Query) => Promise<readonly Row[]>,
  filter: TaskFilter,
): Promise<readonly Row[]> {
  const newestMs = Math.min(Date.now(), filter.until ?? Infinity, filter.after?.submittedAt ?? Infinity);
  for (const spanMs of spansMs) {
    const since = Math.max(0, newestMs - spanMs);
    if (filter.since !== undefined && filter.since >= since) break;
    const rows = await read(tasksQuery({ ...filter, since }));
    if (rows.length >= filter.limit) return rows;
  }
  return read(tasksQuery(filter));
}
