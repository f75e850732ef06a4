import { Transform } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { StringDecoder } from 'node:string_decoder';
import type { Command } from 'commander';
import type { Config } from '../../schemas/config.ts';
import { PenstockError } from '../../schemas/errors.ts';
import { checkSql } from '../check-sql.ts';
import { addConfigFlags, configOf } from '../config-flags.ts';
import { interactiveTimeoutMs, openClickHouse } from '../connect.ts';
import { parseCount } from '../parse-time.ts';

interface SqlFlags {
  readonly format?: string;
  readonly json?: true;
  readonly timeout: number;
  readonly maxRows: number;
}

/**
 * `penstock sql`: one SELECT over the tables of the history. Formats are
 * ClickHouse's own and give the values as they are stored: a CSV made here is for programs. A spreadsheet may take a
 * cell that begins with = + - or @ for a formula; only what Penstock itself exports is made safe for that.
 */
export function registerSql(program: Command): void {
  const command = program
    .command('sql')
    .description('query ClickHouse; reads only')
    .argument('<sql>', 'one statement; - reads it from stdin')
    .option('--format <name>', 'a ClickHouse format (default: PrettyCompact on a terminal, else TabSeparatedWithNames)')
    .option('--json', 'print a JSON array of rows')
    .option('--timeout <seconds>', 'longest run', parseCount(1, 3_600), 30)
    .option('--max-rows <count>', 'a longer result is an error', parseCount(1, 100_000_000), 1_000_000);
  addConfigFlags(command, ['clickhouseUrl', 'clickhouseUser', 'clickhouseDatabase']).action(runSql);
}

async function runSql(sql: string, flags: SqlFlags & Readonly<Record<string, unknown>>): Promise<void> {
  const config = configOf(flags);
  const statement = sql === '-' ? await text(process.stdin) : sql;
  if (statement.trim() === '') throw new PenstockError('PIPE_CLI_USAGE', 'there is no SQL to run');
  await refuseSilence(config);
  const requestTimeoutMs = flags.timeout * 1_000 + interactiveTimeoutMs;
  const clickhouse = await openClickHouse(config, { requestTimeoutMs });
  try {
    const { sql: select, format } = withoutFormat(statement);
    const result = await clickhouse.runUserQuery({
      sql: await checkSql(clickhouse, select),
      defaultFormat: format ?? formatOf(flags),
      jsonArray: flags.json === true,
      maxExecutionSeconds: flags.timeout,
      maxResultRows: flags.maxRows,
    });
    await (process.stdout.isTTY
      ? pipeline(result, withoutControls(), process.stdout, { end: false })
      : pipeline(result, process.stdout, { end: false }));
  } finally {
    await clickhouse.close();
  }
}

/** `… FORMAT Vertical` at the end is as good as --format. */
export function withoutFormat(statement: string): { readonly sql: string; readonly format?: string } {
  const [clause, format] = /\sFORMAT\s+(\w+)[\s;]*$/i.exec(statement) ?? [];
  if (clause === undefined || format === undefined) return { sql: statement };
  return { sql: statement.slice(0, -clause.length), format };
}

/** The statement may rightly say nothing for as long as it runs; a server that hangs would be waited for as long. */
async function refuseSilence(config: Config): Promise<void> {
  const clickhouse = await openClickHouse(config, { requestTimeoutMs: interactiveTimeoutMs });
  try {
    await clickhouse.ping();
  } finally {
    await clickhouse.close();
  }
}

function formatOf({ format, json }: SqlFlags): string {
  if (json) return 'JSONEachRow';
  return format ?? (process.stdout.isTTY ? 'PrettyCompact' : 'TabSeparatedWithNames');
}

/** Stored texts come from anywhere; on a terminal their control characters could move the cursor or worse. */
export function withoutControls(): Transform {
  const decoder = new StringDecoder('utf8');
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      done(null, clean(decoder.write(chunk)));
    },
    flush(done) {
      done(null, clean(decoder.end()));
    },
  });
}

const clean = (shown: string): string => shown.replace(/[^\P{Cc}\n\t]/gu, '\u{fffd}');
