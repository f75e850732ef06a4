import type { History } from '../gateway/history/history.ts';
import { historyOver } from '../gateway/history/history-over.ts';
import type { Row } from '../gateway/history/queries.ts';
import type { ClickHouse } from '../processors/sinks/clickhouse.ts';

/** The gateway's view of tasks, over the command line's own connection. */
export function historyOf(clickhouse: ClickHouse): History {
  return historyOver(
    ({ sql, params }) => clickhouse.query<Row>(sql, params),
    () => clickhouse.close(),
  );
}
