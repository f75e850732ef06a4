import { type ClickHouseClient, ClickHouseError, ClickHouseLogLevel, createClient } from '@clickhouse/client';
import type { Config } from '../../schemas/config.ts';
import { messageOf, PenstockError } from '../../schemas/errors.ts';
import type { History } from '../history/history.ts';
import { historyOver } from '../history/history-over.ts';
import type { Query, Row } from '../history/queries.ts';

const requestTimeoutMs = 15_000;
const maxConnections = 8;

/** The history in ClickHouse. Opens nothing until asked. */
export function connectHistory(config: Config['clickhouse']): History {
  const client = createClient({
    url: config.url,
    username: config.user,
    password: config.password,
    database: config.database,
    request_timeout: requestTimeoutMs,
    max_open_connections: maxConnections,
    log: { level: ClickHouseLogLevel.OFF },
    // Below the three seconds after which servers close an idle connection.
    keep_alive: { enabled: true, idle_socket_ttl: 2_000 },
  });
  return historyOver(
    (query) => readRows(client, query),
    () => client.close(),
  );
}

async function readRows(client: ClickHouseClient, { sql, params }: Query): Promise<Row[]> {
  try {
    const result = await client.query({ query: sql, query_params: { ...params }, format: 'JSONEachRow' });
    return await result.json<Row>();
  } catch (error) {
    const context = { reason: messageOf(error).slice(0, 200) };
    throw new PenstockError('PIPE_CLICKHOUSE_UNAVAILABLE', publicReason(error), { context, cause: error });
  }
}

/** ClickHouse's codes for a database and a table that do not exist. */
const missingCodes: ReadonlySet<string> = new Set(['81', '60']);

/** What a caller may know: not the SQL, not the address. */
function publicReason(error: unknown): string {
  const isMissing = error instanceof ClickHouseError && missingCodes.has(error.code);
  return isMissing ? 'there is no history yet: the sink has not made its tables' : 'the history cannot be read';
}
