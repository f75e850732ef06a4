import { PenstockError } from '../../schemas/errors.ts';
import type { ClickHouse } from '../sinks/clickhouse.ts';
import {
  alignRange,
  dayMs,
  feedOver,
  keptDays,
  type RollUp,
  rawRowsOf,
  rollUps,
  stepMsOf,
  type TimeRange,
} from './roll-ups.ts';

/** A place where a roll-up and the raw rows disagree. */
export interface Difference {
  readonly table: string;
  /** Start of the hour (of the day, for a roll-up by day); epoch ms. */
  readonly hourMs: number;
  readonly key: string;
  readonly measure: string;
  readonly raw: number;
  readonly stored: number;
}

export interface Verification {
  readonly tables: readonly { readonly table: string; readonly fromMs: number; readonly toMs: number }[];
  /** Executions and acceptances among the raw rows of the range. */
  readonly rows: number;
  /** At most 1 000. */
  readonly differences: readonly Difference[];
}

type Reader = Pick<ClickHouse, 'query'>;

const maxDifferences = 1_000;
const limits = `SETTINGS max_execution_time = 600, max_bytes_before_external_group_by = 300000000`;

/**
 * Compares every roll-up with the raw rows (each once: FINAL), bucket by bucket. Only buckets that lie in the range as a
 * whole and are not past their time to live: the raw rows of those are there to compare with. The range should be
 * closed: while rows come in, the raw table is ahead of the views for a moment.
 */
export async function verifyRollUps(clickhouse: Reader, range: TimeRange, nowMs = Date.now()): Promise<Verification> {
  const definitions = await readDefinitions(clickhouse);
  const tables: { table: string; fromMs: number; toMs: number }[] = [];
  const differences: Difference[] = [];
  for (const rollUp of rollUps) {
    const part = comparablePart(rollUp, range, definitions, nowMs);
    tables.push({ table: rollUp.table, ...part });
    if (part.toMs <= part.fromMs) continue;
    const room = maxDifferences - differences.length;
    differences.push(...(await compare(clickhouse, rollUp, part, definitions, room)));
  }
  return { tables, rows: await countRows(clickhouse, range), differences };
}

/** CREATE statements and SELECTs by name of the table or view. */
export type Definitions = ReadonlyMap<string, { readonly createTable: string; readonly asSelect: string }>;

/** Rejects with PIPE_CLICKHOUSE_QUERY where a table is missing: the database was never migrated to this schema. */
export async function readDefinitions(clickhouse: Reader): Promise<Definitions> {
  const rows = await clickhouse.query<{ name: string; create_table_query: string; as_select: string }>(
    'SELECT name, create_table_query, as_select FROM system.tables WHERE database = currentDatabase()',
  );
  const found = new Map(
    rows.map(({ name, create_table_query: createTable, as_select: asSelect }) => [name, { createTable, asSelect }]),
  );
  const missing = rollUps.flatMap(({ table }) => [table, `${table}_feed`]).filter((name) => !found.has(name));
  if (missing.length === 0) return found;
  throw new PenstockError('PIPE_CLICKHOUSE_QUERY', `the database has no ${missing.join(', ')}: start the sink once`);
}

function comparablePart(rollUp: RollUp, range: TimeRange, definitions: Definitions, nowMs: number): TimeRange {
  const kept = [rollUp.table, 'attempts'].map((name) => keptDays(definitions.get(name)?.createTable ?? ''));
  const days = Math.min(...kept.map((each) => each ?? Number.POSITIVE_INFINITY));
  const stepMs = stepMsOf(rollUp.bucketSeconds);
  const oldestMs = Number.isFinite(days) ? nowMs - days * dayMs + stepMs : 0;
  const { fromMs, toMs } = alignRange(range, rollUp.bucketSeconds, false);
  return { fromMs: Math.max(fromMs, Math.ceil(oldestMs / stepMs) * stepMs), toMs };
}

async function compare(
  clickhouse: Reader,
  { table, time, keys, measures, bucketSeconds }: RollUp,
  { fromMs, toMs }: TimeRange,
  definitions: Definitions,
  limit: number,
): Promise<Difference[]> {
  const names = Object.keys(measures);
  const within = `${time} >= fromUnixTimestamp64Milli({fromMs: Int64}) AND ${time} < fromUnixTimestamp64Milli({toMs: Int64})`;
  const rawRows = rawRowsOf(
    time,
    'fromUnixTimestamp64Milli({fromMs: Int64})',
    'fromUnixTimestamp64Milli({toMs: Int64})',
  );
  const feed = feedOver(definitions.get(`${table}_feed`)?.asSelect ?? '', rawRows);
  const hour = bucketSeconds > 3_600 ? `toStartOfDay(${time})` : `toStartOfHour(${time})`;
  const bucket = bucketSeconds < 3_600 ? time : hour;
  const summed = Object.entries(measures).map(([name, sum]) => `${sum} AS m_${name}`);
  const keyText = `concatWithSeparator(' ', ${keys.map((key) => `toString(${key})`).join(', ')}, '')`;
  const side = (source: string, isRaw: number): string =>
    `SELECT ${isRaw} AS is_raw, toUnixTimestamp(${hour}) AS hour, toUnixTimestamp(${bucket}) AS bucket, ${keyText} AS key, ${summed.join(', ')} ` +
    `FROM ${source} WHERE ${within} GROUP BY hour, bucket, key`;
  const perBucket = names.map(
    (name) => `sumIf(m_${name}, is_raw) AS raw_${name}, sumIf(m_${name}, NOT is_raw) AS stored_${name}`,
  );
  const differs = names.map((name) => `raw_${name} != stored_${name}`).join(' OR ');
  const perHour = names.map((name) => `sum(raw_${name}) AS raw_${name}_sum, sum(stored_${name}) AS stored_${name}_sum`);
  const rows = await clickhouse.query<Record<string, string>>(
    `SELECT hour, key, ${perHour.join(', ')} FROM (SELECT hour, bucket, key, ${perBucket.join(', ')} FROM (` +
      `${side(`(${feed})`, 1)} UNION ALL ${side(table, 0)}) GROUP BY hour, bucket, key HAVING ${differs}) ` +
      `GROUP BY hour, key ORDER BY hour, key LIMIT ${Math.max(1, limit)} ${limits}`,
    { fromMs, toMs },
  );
  return rows.flatMap((row) => differencesOf(table, names, row));
}

/** Where buckets disagree but their sum does not, all measures are told: the hour is wrong all the same. */
function differencesOf(table: string, names: readonly string[], row: Readonly<Record<string, string>>): Difference[] {
  const all = names.map((measure) => ({
    table,
    hourMs: Number(row.hour) * 1_000,
    key: String(row.key).trim(),
    measure,
    raw: Number(row[`raw_${measure}_sum`]),
    stored: Number(row[`stored_${measure}_sum`]),
  }));
  const unequal = all.filter(({ raw, stored }) => raw !== stored);
  return unequal.length > 0 ? unequal : all;
}

async function countRows(clickhouse: Reader, { fromMs, toMs }: TimeRange): Promise<number> {
  const [row] = await clickhouse.query<{ n: string }>(
    `SELECT count() AS n FROM attempts FINAL WHERE event_time >= fromUnixTimestamp64Milli({fromMs: Int64}) ` +
      `AND event_time < fromUnixTimestamp64Milli({toMs: Int64}) ${limits}`,
    { fromMs, toMs },
  );
  return Number(row?.n ?? 0);
}
