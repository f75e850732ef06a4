import { explainTreeSql, UserSql } from '../gateway/sql/user-sql.ts';
import type { ClickHouse, QueryParams } from '../processors/sinks/clickhouse.ts';

/** The same judgement as POST /v1/sql; resolves with the statement as it is to be run. Rejects with PIPE_SQL_REFUSED. */
export function checkSql(clickhouse: ClickHouse, sql: string, params: QueryParams = {}): Promise<string> {
  const judge = new UserSql({
    database: clickhouse.database,
    read: (query) => clickhouse.query(query.sql, query.params),
    async explainTree(text) {
      const rows = await clickhouse.query<{ explain: string }>(explainTreeSql(text), params);
      return rows.map(({ explain }) => explain);
    },
  });
  return judge.check(sql);
}
