import type { RawInsertFormat } from 'chdb';
import { type Engine, type EngineJob, homeDatabase } from './engine.ts';
import { ClickHouseFault, notImplementedFault } from './fault.ts';
import { guardReadOnly, guardStatement } from './guard.ts';
import type { EngineResult } from './lane.ts';
import { insertAt, readSettings } from './settings.ts';
import { readSource } from './source.ts';
import type { InsertRows, ReadStatement } from './statement.ts';

/** A request of ClickHouse's HTTP interface, whatever of it came in the URL, the headers or the body. */
export interface QueryRequest {
  readonly url: URLSearchParams;
  readonly body: Buffer;
  /** GET may only read, as with the server. */
  readonly mayWrite: boolean;
  /** X-ClickHouse-Database and X-ClickHouse-Format; the URL wins. */
  readonly headers: { readonly database: string | undefined; readonly format: string | undefined };
  readonly isWanted: () => boolean;
}

export interface QueryAnswer extends EngineResult {
  readonly format: string;
}

/** Runs one request. Throws ClickHouseFault, or whatever the engine threw. */
export async function runRequest(
  engine: Engine,
  denied: ReadonlySet<string>,
  request: QueryRequest,
): Promise<QueryAnswer> {
  refuseUnserved(request.url);
  const { statement, rows } = readSource(request);
  guardStatement(statement, denied);
  guardReadOnly(statement, readOnlyLevel(request));
  const settings = readSettings(request.url, engine.settingNames);
  const format = formatName(request.url.get('default_format') ?? request.headers.format ?? 'TabSeparated');
  const database = databaseOf(request);
  const job = { database, isWanted: request.isWanted };
  switch (statement.kind) {
    case 'read':
      return read(engine, { statement, settings, format }, job);
    case 'insert-rows':
      return insertRows(engine, { statement, settings, rows }, job);
    case 'insert-query':
      return { ...(await engine.write(insertAt(statement.sql, statement.settings, settings), format, job)), format };
    case 'other':
      return { ...(await engine.write(withSettings(statement.sql, settings), format, job)), format };
  }
}

function refuseUnserved(url: URLSearchParams): void {
  if (url.get('session_id')) throw notImplementedFault('Sessions are not kept here');
  if (isOn(url.get('compress')) || isOn(url.get('decompress'))) {
    throw notImplementedFault('Blocks in ClickHouse’s own compression are not served here; use gzip');
  }
}

const isOn = (value: string | null): boolean => value !== null && value !== '0' && value !== 'false' && value !== '';

function readOnlyLevel({ url, mayWrite }: QueryRequest): 0 | 1 | 2 {
  const asked = url.get('readonly') ?? '0';
  if (!['0', '1', '2'].includes(asked)) {
    throw new ClickHouseFault(36, 'BAD_ARGUMENTS', 'readonly is 0, 1 or 2');
  }
  if (asked === '1') return 1;
  return asked === '2' || !mayWrite ? 2 : 0;
}

function formatName(name: string): string {
  if (!/^\w{1,60}$/.test(name)) throw new ClickHouseFault(73, 'UNKNOWN_FORMAT', 'Unknown format');
  return name;
}

/** The engine's own database `default` shows the files of the machine; ours stands in for it. */
function databaseOf({ url, headers }: QueryRequest): string {
  const asked = url.get('database') ?? headers.database ?? '';
  return asked === '' || asked === 'default' ? homeDatabase : asked;
}

interface ReadPlan {
  readonly statement: ReadStatement;
  readonly settings: ReadonlyMap<string, string>;
  readonly format: string;
}

async function read(engine: Engine, { statement, settings, format }: ReadPlan, job: EngineJob): Promise<QueryAnswer> {
  const own = statement.format;
  const sql = own === undefined ? `${statement.sql}\nFORMAT ${format}` : statement.sql;
  const spot = { ...statement.settings, at: sql.length };
  const result = await engine.read(insertAt(sql, spot, settings), own ?? format, job);
  return { ...result, format: own ?? format };
}

interface InsertPlan {
  readonly statement: InsertRows;
  readonly settings: ReadonlyMap<string, string>;
  readonly rows: Buffer;
}

const rawFormats: Readonly<Record<string, RawInsertFormat>> = {
  JSONEachRow: 'JSONEachRow',
  JSONCompactEachRow: 'JSONCompactEachRow',
  CSV: 'CSV',
  CSVWithNames: 'CSVWithNames',
  TSV: 'TabSeparated',
  TabSeparated: 'TabSeparated',
  TSVWithNames: 'TabSeparatedWithNames',
  TabSeparatedWithNames: 'TabSeparatedWithNames',
};

/** Text formats only: the engine takes statements as text, so the bytes of a binary format would not arrive whole. */
const binaryFormat =
  /^(?:Native|RowBinary|Parquet|Arrow|ORC|Avro|Protobuf|MsgPack|BSON|CapnProto|Npy|RawBLOB|MySQLDump)/i;

async function insertRows(engine: Engine, plan: InsertPlan, job: EngineJob): Promise<QueryAnswer> {
  const { statement, settings, rows } = plan;
  const { format, target } = statement;
  const raw = rawFormats[format];
  if (raw !== undefined && target && rows.length > 0) {
    const insert = { ...target, format: raw, settings: Object.fromEntries(settings), rows };
    return { ...(await engine.insert(insert, job)), format };
  }
  if (binaryFormat.test(format)) {
    throw notImplementedFault(`Rows in format ${format} are not read here; use JSONEachRow`);
  }
  const head = insertAt(statement.head, statement.settings, settings);
  return { ...(await engine.write(`${head} FORMAT ${format}\n${rows.toString()}`, 'TabSeparated', job)), format };
}

/** Other statements take settings after a FORMAT clause only. */
function withSettings(sql: string, settings: ReadonlyMap<string, string>): string {
  if (settings.size === 0) return sql;
  const text = `${sql}\nFORMAT Null`;
  return insertAt(text, { at: text.length, continues: false, own: new Set() }, settings);
}
