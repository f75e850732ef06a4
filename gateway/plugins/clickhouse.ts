import {
  type ClickHouseClient,
  ClickHouseError,
  ClickHouseLogLevel,
  type ClickHouseSettings,
  createClient,
} from '@clickhouse/client';
import type { Config } from '../../schemas/config.ts';
import { messageOf, PenstockError } from '../../schemas/errors.ts';
import type { Query, Row } from '../history/queries.ts';
import { explainTreeSql } from '../sql/user-sql.ts';

/** A result as columns and rows; 64-bit integers are strings. */
export interface SqlResult {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly rows: readonly (readonly unknown[])[];
  readonly elapsedMs: number;
  readonly rowsRead: number;
}

/** What the gateway reads from ClickHouse. Opens nothing until asked. */
export interface HistoryStore {
  readonly database: string;
  /** Rejects with PIPE_CLICKHOUSE_UNAVAILABLE or PIPE_CLICKHOUSE_LIMIT. */
  read(query: Query): Promise<readonly Row[]>;
  /** A user's statement, looked through before. Rejects with PIPE_CLICKHOUSE_QUERY besides, with ClickHouse's own words. */
  runSql(sql: string): Promise<SqlResult>;
  /** What it would run, a line a node; nothing of it runs. Rejects as runSql does. */
  explainTree(sql: string): Promise<readonly string[]>;
  close(): Promise<void>;
}

const requestTimeoutMs = 15_000;
const maxConnections = 8;

const readLimits: ClickHouseSettings = {
  max_execution_time: 10,
  max_result_rows: '100000',
  result_overflow_mode: 'throw',
  max_memory_usage: String(2 ** 30),
};

/** readonly keeps the statement from changing the limits. */
const userLimits: ClickHouseSettings = {
  readonly: '1',
  max_execution_time: 10,
  max_result_rows: '10000',
  result_overflow_mode: 'throw',
  max_memory_usage: String(2 ** 29),
  max_rows_to_read: '1000000000',
  output_format_json_quote_64bit_integers: 1,
  wait_end_of_query: 1,
};

export function connectHistoryStore(config: Config['clickhouse']): HistoryStore {
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
  return {
    database: config.database,
    read: (query) => readRows(client, query),
    runSql: (sql) => runSql(client, sql),
    explainTree: (sql) => explainTree(client, sql),
    close: () => client.close(),
  };
}

async function readRows(client: ClickHouseClient, { sql, params }: Query): Promise<Row[]> {
  // A statement that has limits of its own keeps them; a second clause would be a fault of syntax.
  const settings = /\bSETTINGS\b/.test(sql) ? {} : { clickhouse_settings: readLimits };
  try {
    const result = await client.query({ query: sql, query_params: { ...params }, format: 'JSONEachRow', ...settings });
    return await result.json<Row>();
  } catch (error) {
    throw translate(error);
  }
}

interface CompactAnswer {
  readonly meta: readonly { readonly name: string; readonly type: string }[];
  readonly data: readonly (readonly unknown[])[];
  readonly statistics?: { readonly rows_read?: number };
}

async function runSql(client: ClickHouseClient, sql: string): Promise<SqlResult> {
  const startedMs = performance.now();
  const { meta, data, statistics } = await askForUser(client, sql);
  const elapsedMs = Math.round(performance.now() - startedMs);
  return { columns: meta, rows: data, elapsedMs, rowsRead: Number(statistics?.rows_read ?? 0) };
}

async function explainTree(client: ClickHouseClient, sql: string): Promise<string[]> {
  const { data } = await askForUser(client, explainTreeSql(sql));
  return data.map(([line]) => String(line));
}

async function askForUser(client: ClickHouseClient, sql: string): Promise<CompactAnswer> {
  try {
    const result = await client.query({ query: sql, format: 'JSONCompact', clickhouse_settings: userLimits });
    return readAnswer(await result.text());
  } catch (error) {
    const isTheirs = error instanceof ClickHouseError && !limitCodes.has(error.code);
    if (!isTheirs) throw translate(error);
    throw new PenstockError('PIPE_CLICKHOUSE_QUERY', messageOf(error).slice(0, 1_000), { cause: error });
  }
}

/** A failure in the midst of an answer stands behind what came before it. */
function readAnswer(text: string): CompactAnswer {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const failure = text.slice(Math.max(0, text.lastIndexOf('Code: ')));
    throw new PenstockError('PIPE_CLICKHOUSE_QUERY', failure.slice(0, 1_000), { cause });
  }
}

/** ClickHouse's codes for a database and a table that do not exist. */
const missingCodes: ReadonlySet<string> = new Set(['81', '60']);
/** TOO_SLOW, TOO_MANY_ROWS, TIMEOUT_EXCEEDED, MEMORY_LIMIT_EXCEEDED, TOO_MANY_BYTES, TOO_MANY_ROWS_OR_BYTES. */
const limitCodes: ReadonlySet<string> = new Set(['160', '158', '159', '241', '307', '396']);

function translate(error: unknown): PenstockError {
  if (error instanceof PenstockError) return error;
  const context = { reason: messageOf(error).slice(0, 200) };
  if (error instanceof ClickHouseError && limitCodes.has(error.code)) {
    return new PenstockError('PIPE_CLICKHOUSE_LIMIT', 'the query met a limit of time, rows or memory', { context });
  }
  return new PenstockError('PIPE_CLICKHOUSE_UNAVAILABLE', publicReason(error), { context, cause: error });
}

/** What a caller may know: not the SQL, not the address. */
function publicReason(error: unknown): string {
  const isMissing = error instanceof ClickHouseError && missingCodes.has(error.code);
  return isMissing ? 'there is no history yet: the sink has not made its tables' : 'the history cannot be read';
}
