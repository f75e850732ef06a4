import type { History } from '../gateway/history/history.ts';
import {
  type Query,
  type Row,
  taskDetail,
  taskQuery,
  taskSummary,
  tasksQuery,
  timelineQuery,
} from '../gateway/history/queries.ts';
import type { ClickHouse } from '../processors/sinks/clickhouse.ts';

/** The gateway's view of tasks, over the command line's own connection. */
export function historyOf(clickhouse: ClickHouse): History {
  const read = ({ sql, params }: Query): Promise<readonly Row[]> => clickhouse.query<Row>(sql, params);
  return {
    async task(id) {
      const [task] = await read(taskQuery(id));
      return task ? taskDetail(task, await read(timelineQuery(id))) : undefined;
    },
    async tasks(filter) {
      return (await read(tasksQuery(filter))).map(taskSummary);
    },
    close: () => clickhouse.close(),
  };
}
