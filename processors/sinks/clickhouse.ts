import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import {
  type ClickHouseClient,
  ClickHouseError,
  ClickHouseLogLevel,
  type ClickHouseSettings,
  createClient,
  type DataFormat,
} from '@clickhouse/client';
import type { Config } from '../../schemas/config.ts';
import { PenstockError } from '../../schemas/errors.ts';
import { refusalOf, silenceOf } from './clickhouse-errors.ts';

export type QueryParams = Readonly<Record<string, unknown>>;

export interface RowsInsert {
  readonly table: string;
  /** In the order of the values of each row. */
  readonly columns: readonly string[];
  /** JSONCompactEachRow: one JSON array a line. */
  readonly rows: Buffer;
  /** An insert with a token that the table saw before writes nothing: the only way to repeat one safely. */
  readonly token: string;
}

export interface UserQuery {
  readonly sql: string;
  /** Where the statement names none. */
  readonly defaultFormat: string;
  /** JSONEachRow as one JSON array. */
  readonly jsonArray?: boolean;
  readonly maxExecutionSeconds: number;
  readonly maxResultRows: number;
}

/**
 * What Penstock asks of ClickHouse. Everything rejects with PIPE_CLICKHOUSE_UNAVAILABLE (passing), PIPE_CLICKHOUSE_QUERY
 * or PIPE_CLICKHOUSE_ACCESS.
 */
export interface ClickHouse {
  readonly database: string;
  ping(): Promise<void>;
  /** Where it is missing. Every other call needs it. */
  createDatabase(): Promise<void>;
  /** One statement without a result. */
  command(sql: string, params?: QueryParams): Promise<void>;
  /** All rows or an error; 64-bit integers are strings. */
  query<Row>(sql: string, params?: QueryParams): Promise<Row[]>;
  /** Resolves when the rows are stored. After an error they may be stored or not: repeat it with the same token. */
  insert(insert: RowsInsert): Promise<void>;
  /**
   * SQL from a person: reads only. The whole result as bytes, in the format that the statement names; more rows or more
   * time than allowed is an error, never a part of the result.
   */
  runUserQuery(query: UserQuery): Promise<Readable>;
  close(): Promise<void>;
}

/**
 * Set for each insert: their defaults differ from version to version of the server. What optimize_on_insert would merge
 * stands once in each block already, raw rows by their place and roll-ups by their GROUP BY: it takes an eighth of the time.
 */
const insertSettings: ClickHouseSettings = {
  insert_deduplicate: 1,
  deduplicate_blocks_in_dependent_materialized_views: 1,
  async_insert: 0,
  wait_end_of_query: 1,
  max_partitions_per_insert_block: '0',
  input_format_parallel_parsing: 0,
  optimize_on_insert: 0,
};

export interface ClickHouseOptions {
  /** Longest silence of one request, in ms. Default 30 000. */
  readonly requestTimeoutMs?: number;
}

/** Opens no connection until asked. */
export function connectClickHouse(config: Config['clickhouse'], options: ClickHouseOptions = {}): ClickHouse {
  const { host, bare } = splitUrl(config.url);
  const client = openClient({ ...config, url: bare }, options);
  const translated = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw translate(error, host);
    }
  };
  return {
    database: config.database,
    ping: () => translated(() => ping(client)),
    createDatabase: () => translated(() => createDatabase({ ...config, url: bare })),
    command: (sql, params = {}) => translated(() => command(client, sql, params)),
    query: <Row>(sql: string, params: QueryParams = {}) => translated(() => query<Row>(client, sql, params)),
    insert: (insert) => translated(() => insertRows(client, insert)),
    runUserQuery: (userQuery) => translated(() => runUserQuery(client, userQuery)),
    close: () => client.close(),
  };
}

function openClient(
  config: Omit<Config['clickhouse'], 'database'> & { readonly database?: string },
  { requestTimeoutMs = 30_000 }: ClickHouseOptions = {},
): ClickHouseClient {
  const { url, user, password, database } = config;
  return createClient({
    url,
    username: user,
    password,
    ...(database === undefined ? {} : { database }),
    application: 'penstock',
    request_timeout: requestTimeoutMs,
    max_open_connections: 8,
    // Below the three seconds after which a server closes an idle connection.
    keep_alive: { enabled: true, idle_socket_ttl: 2_000 },
    log: { level: ClickHouseLogLevel.OFF },
  });
}

function translate(error: unknown, host: string): PenstockError {
  if (error instanceof PenstockError) return error;
  return error instanceof ClickHouseError ? refusalOf(error, host) : silenceOf(error, host);
}

/** Credentials in a URL are left to user and password: they would turn up in messages. */
function splitUrl(url: string): { host: string; bare: string } {
  const parsed = new URL(url);
  parsed.username = '';
  parsed.password = '';
  return { host: parsed.host, bare: parsed.href };
}

async function ping(client: ClickHouseClient): Promise<void> {
  const result = await client.ping();
  if (!result.success) throw result.error;
}

/** By a client that names no database: one that does not exist yet cannot be the current one. */
async function createDatabase({ database, ...config }: Config['clickhouse']): Promise<void> {
  const client = openClient(config);
  try {
    await command(client, 'CREATE DATABASE IF NOT EXISTS {database: Identifier}', { database });
  } finally {
    await client.close();
  }
}

async function command(client: ClickHouseClient, sql: string, params: QueryParams): Promise<void> {
  await client.command({ query: sql, query_params: { ...params } });
}

async function query<Row>(client: ClickHouseClient, sql: string, params: QueryParams): Promise<Row[]> {
  const result = await client.query({
    query: sql,
    query_params: { ...params },
    format: 'JSONEachRow',
    clickhouse_settings: { output_format_json_quote_64bit_integers: 1 },
  });
  return result.json<Row>();
}

/** exec, not insert: the rows are bytes already, and insert() would take them apart again. */
async function insertRows(client: ClickHouseClient, { table, columns, rows, token }: RowsInsert): Promise<void> {
  const { stream } = await client.exec({
    query: `INSERT INTO ${table} (${columns.join(', ')}) FORMAT JSONCompactEachRow`,
    values: Readable.from([rows], { objectMode: false }),
    clickhouse_settings: { ...insertSettings, insert_deduplication_token: token },
  });
  await finished(stream.resume());
}

async function runUserQuery(client: ClickHouseClient, userQuery: UserQuery): Promise<Readable> {
  const { stream } = await client.exec({ query: userQuery.sql, clickhouse_settings: userSettings(userQuery) });
  return stream;
}

/** readonly = 1 also keeps the statement from changing these limits. wait_end_of_query: an error never comes after half of the rows. */
function userSettings(userQuery: UserQuery): ClickHouseSettings {
  const { defaultFormat, jsonArray, maxExecutionSeconds, maxResultRows } = userQuery;
  return {
    readonly: '1',
    // The name is the user's; ClickHouse itself says whether it knows it.
    default_format: defaultFormat as DataFormat,
    max_execution_time: maxExecutionSeconds,
    max_result_rows: String(maxResultRows),
    result_overflow_mode: 'throw',
    max_memory_usage: String(2 ** 30),
    output_format_json_quote_64bit_integers: 1,
    output_format_json_array_of_rows: jsonArray ? 1 : 0,
    wait_end_of_query: 1,
  };
}
