import { type Command, InvalidArgumentError } from 'commander';
import type { ClickHouse } from '../../processors/sinks/clickhouse.ts';
import { dayMs, hourMs } from '../../processors/stats/roll-ups.ts';
import type { Verification } from '../../processors/stats/verify-roll-ups.ts';
import { addConfigFlags, configOf } from '../config-flags.ts';
import { interactiveTimeoutMs, openClickHouse } from '../connect.ts';
import { printData, printProgress } from '../output.ts';
import { parseSince } from '../parse-time.ts';

type Flags = Readonly<Record<string, unknown>>;

const clickhouseFlags = ['clickhouseUrl', 'clickhouseUser', 'clickhouseDatabase'] as const;
const since = (text: string): number => parseSince(text);
/** Of a query over many hours. */
const patientTimeoutMs = 660_000;

export function registerStats(program: Command): void {
  const stats = program
    .command('stats')
    .description('throughput and times of a pipeline; verify and rebuild check the roll-ups');
  addConfigFlags(stats, clickhouseFlags)
    .argument('[pipeline]', 'its name', 'assets')
    .option('--window <span>', 'how far back: 60s, 15m, 24h, 10d', readSpanFlag, '1h')
    .option('--json', 'print it as JSON, by bucket')
    .action(runStats);
  addConfigFlags(stats.command('verify'), clickhouseFlags)
    .description('compare every roll-up with the raw rows, by closed hour; exit code 1 where they differ')
    .option('--since <time>', 'from: 6h, 30d, an ISO time (default: 24h)', since)
    .option('--until <time>', 'to (default: the start of this hour)', since)
    .option('--json', 'print it as JSON')
    .action(runVerify);
  addConfigFlags(stats.command('rebuild'), clickhouseFlags)
    .description('make the roll-ups of these hours again from the raw rows, and verify them')
    .requiredOption('--since <time>', 'from: the hour that it lies in', since)
    .option('--until <time>', 'to (default: the end of that hour)', since)
    .option('--table <name...>', 'only these roll-ups')
    .option('--json', 'print it as JSON')
    .action(runRebuild);
}

function readSpanFlag(text: string): string {
  if (/^\d{1,6}[smhd]$/.test(text) && !/^0+\D/.test(text)) return text;
  throw new InvalidArgumentError('give a span such as 60s, 15m, 24h or 10d.');
}

async function runStats(pipeline: string, flags: { window: string; json?: true } & Flags): Promise<void> {
  const clickhouse = await openClickHouse(configOf(flags), { requestTimeoutMs: interactiveTimeoutMs });
  const { readThroughput, describeThroughput } = await import('../stats/pipeline-stats.ts');
  try {
    const answer = await readThroughput(clickhouse, pipeline, flags.window);
    printData(answer, { json: flags.json === true, text: () => describeThroughput(answer) });
  } finally {
    await clickhouse.close();
  }
}

interface RangeFlags {
  readonly since?: number;
  readonly until?: number;
}

const startOfHour = (ms: number): number => Math.floor(ms / hourMs) * hourMs;

/** subcommands of a command with the same option: commander gives them to the parent where they stand before. */
const flagsOf = (command: Command): Flags => command.optsWithGlobals();

async function runVerify(flags: RangeFlags & Flags, command: Command): Promise<void> {
  const { verifyRollUps } = await import('../../processors/stats/verify-roll-ups.ts');
  const { since: fromMs = startOfHour(Date.now() - dayMs), until: toMs = startOfHour(Date.now()) } = flags;
  await judge(command, (clickhouse) => verifyRollUps(clickhouse, { fromMs, toMs }));
}

async function runRebuild(flags: RangeFlags & { table?: string[] } & Flags, command: Command): Promise<void> {
  const { repairRollUps } = await import('../../processors/stats/repair-roll-ups.ts');
  const fromMs = startOfHour(flags.since ?? Date.now());
  const toMs = flags.until ?? fromMs + hourMs;
  const iso = (ms: number): string => new Date(ms).toISOString();
  await judge(command, (clickhouse) =>
    repairRollUps(clickhouse, {
      ...{ fromMs, toMs, ...(flags.table && { tables: flags.table }) },
      onTable: (table, range) => printProgress(`${table}: ${iso(range.fromMs)} to ${iso(range.toMs)}`),
    }),
  );
}

/** Prints what was found; a difference is a failure of the command. */
async function judge(command: Command, verify: (clickhouse: ClickHouse) => Promise<Verification>): Promise<void> {
  const flags = flagsOf(command);
  const clickhouse = await openClickHouse(configOf(flags), { requestTimeoutMs: patientTimeoutMs });
  const { describeVerification } = await import('../stats/describe-verification.ts');
  try {
    const found = await verify(clickhouse);
    printData(found, { json: flags.json === true, text: () => describeVerification(found) });
    if (found.differences.length > 0) process.exitCode = 1;
  } finally {
    await clickhouse.close();
  }
}
