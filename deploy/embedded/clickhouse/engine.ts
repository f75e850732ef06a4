import { mkdirSync } from 'node:fs';
import type { RawInsertFormat, Session } from 'chdb';
import { PenstockError } from '../../../schemas/errors.ts';
import { ClickHouseFault } from './fault.ts';
import { type EngineResult, type Lane, openLane } from './lane.ts';

export interface EngineOptions {
  /** Folder of the data; one process at a time may have it open. */
  readonly dataDir: string;
  /** Connections for reading. Each runs one query at a time on its own thread of libuv's pool. Default 2. */
  readonly readers?: number;
  /** Memory of all queries together. Default 1 GiB: the engine would take nine tenths of the machine. */
  readonly maxMemoryBytes?: number;
  /** For queries that set no max_execution_time of their own. Default 30. */
  readonly maxExecutionSeconds?: number;
}

export interface EngineJob {
  readonly database: string;
  /** false: whoever asked has left. */
  readonly isWanted: () => boolean;
}

/** Rows as bytes that the engine parses itself, off our heap and off the event loop. */
export interface RawInsert {
  readonly table: string;
  readonly columns: readonly string[] | undefined;
  readonly format: RawInsertFormat;
  readonly settings: Readonly<Record<string, string>>;
  readonly rows: Buffer;
}

export interface Engine {
  readonly version: string;
  readonly settingNames: ReadonlySet<string>;
  readonly tableFunctions: readonly string[];
  /** On a connection that the engine itself keeps from writing. */
  read(sql: string, format: string, job: EngineJob): Promise<EngineResult>;
  write(sql: string, format: string, job: EngineJob): Promise<EngineResult>;
  insert(insert: RawInsert, job: EngineJob): Promise<EngineResult>;
  /** Lets what runs and waits end, then closes the data. */
  close(): Promise<void>;
}

/** Statements that may wait or run on one connection; more are refused at once. */
const maxQueued = 500;
export const homeDatabase = 'penstock';

/** Throws PIPE_STACK_NO_CHDB where the engine is not installed, PIPE_STACK_DATA_IN_USE where the folder can not be opened. */
export async function openEngine(options: EngineOptions): Promise<Engine> {
  const chdb = await loadChdb();
  mkdirSync(options.dataDir, { recursive: true });
  const args = [
    `--max_server_memory_usage=${options.maxMemoryBytes ?? 1 << 30}`,
    ...['--mark_cache_size=67108864', '--async_load_databases=0', '--session_timezone=UTC'],
  ];
  const open = () => openSession(chdb.Session, options.dataDir, args);
  const sessions = [open()];
  await sessions[0]?.queryAsync(`CREATE DATABASE IF NOT EXISTS ${homeDatabase} ENGINE = Atomic`);
  for (let count = 0; count < (options.readers ?? 2); count += 1) sessions.push(await openReader(open, options));
  const [writer, ...readers] = sessions.map((session) => openLane(session, 'default'));
  if (!writer || !sessions[0]) throw new Error('no connection was opened');
  const facts = await readFacts(sessions[0]);
  return {
    ...facts,
    read: (sql, format, job) => runQuery(leastLoaded(readers), { sql, format }, job),
    write: (sql, format, job) => runQuery(writer, { sql, format }, job),
    insert: (insert, job) => runInsert(writer, insert, job),
    async close() {
      await Promise.all([writer, ...readers].map((lane) => lane.idle()));
      for (const session of sessions) session.close();
      await chdb.drainPending();
    },
  };
}

async function loadChdb(): Promise<typeof import('chdb')> {
  try {
    return await import('chdb');
  } catch (cause) {
    throw new PenstockError('PIPE_STACK_NO_CHDB', 'the package chdb could not be loaded', { cause });
  }
}

function openSession(SessionOfChdb: typeof Session, dataDir: string, args: readonly string[]): Session {
  try {
    return new SessionOfChdb(dataDir, { connectionArgs: args });
  } catch (cause) {
    throw new PenstockError('PIPE_STACK_DATA_IN_USE', `the ClickHouse data in ${dataDir} could not be opened`, {
      cause,
    });
  }
}

/** readonly is set first and for good: from then on the engine refuses every write and the way back. */
async function openReader(open: () => Session, options: EngineOptions): Promise<Session> {
  const session = open();
  await session.queryAsync(`SET max_execution_time = ${options.maxExecutionSeconds ?? 30}`);
  await session.queryAsync('SET max_result_bytes = 268435456');
  await session.queryAsync('SET readonly = 2');
  return session;
}

async function readFacts(session: Session): Promise<Pick<Engine, 'version' | 'settingNames' | 'tableFunctions'>> {
  const column = async (sql: string) => (await session.queryAsync(sql, { format: 'TSV' })).text().trim().split('\n');
  return {
    version: (await column('SELECT version()'))[0] ?? '',
    settingNames: new Set(await column('SELECT name FROM system.settings')),
    tableFunctions: await column('SELECT name FROM system.table_functions'),
  };
}

function leastLoaded(lanes: readonly Lane[]): Lane {
  const [first, ...others] = lanes;
  if (!first) throw new Error('no reader was opened');
  return others.reduce((best, lane) => (lane.load < best.load ? lane : best), first);
}

function refuseWhenFull(lane: Lane): void {
  if (lane.load < maxQueued) return;
  throw new ClickHouseFault(
    202,
    'TOO_MANY_SIMULTANEOUS_QUERIES',
    `Too many simultaneous queries. Maximum: ${maxQueued}`,
  );
}

function runQuery(lane: Lane, query: { sql: string; format: string }, job: EngineJob): Promise<EngineResult> {
  refuseWhenFull(lane);
  return lane.run({
    ...job,
    work: async (session) => {
      const result = await session.queryAsync(query.sql, { format: query.format });
      return {
        bytes: result.bytes(),
        readRows: result.rowsRead,
        readBytes: result.bytesRead,
        writtenRows: 0,
        writtenBytes: 0,
        elapsedMs: result.elapsed * 1000,
      };
    },
  });
}

function runInsert(lane: Lane, insert: RawInsert, job: EngineJob): Promise<EngineResult> {
  refuseWhenFull(lane);
  const { rows: values, columns, ...rest } = insert;
  return lane.run({
    ...job,
    work: async (session) => {
      const summary = await session.insert({ ...rest, values, ...(columns ? { columns } : {}) });
      return {
        bytes: new Uint8Array(),
        readRows: summary.rowsSent ?? 0,
        readBytes: summary.bytesSent,
        writtenRows: summary.rowsWritten,
        writtenBytes: summary.bytesWritten,
        elapsedMs: summary.elapsed * 1000,
      };
    },
  });
}
