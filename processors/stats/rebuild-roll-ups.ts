import { PenstockError } from '../../schemas/errors.ts';
import type { ClickHouse } from '../sinks/clickhouse.ts';
import { alignRange, dayMs, feedOver, keptDays, type RollUp, rawRowsOf, rollUps, type TimeRange } from './roll-ups.ts';
import { readDefinitions } from './verify-roll-ups.ts';

export interface RebuildOptions extends TimeRange {
  /** Default: all. */
  readonly tables?: readonly string[];
  readonly onTable?: (table: string, range: TimeRange) => void;
}

/**
 * Makes the roll-ups of every hour that the range touches again from the raw rows; a roll-up by day for the whole day.
 * Rejects with PIPE_STATS_RAW_GONE, before it touches anything, where raw rows are past their time to live. A row
 * that comes in between the two statements counts twice, so let the range be closed, and verify afterwards.
 */
export async function rebuildRollUps(
  clickhouse: Pick<ClickHouse, 'query' | 'command'>,
  { tables, onTable, ...range }: RebuildOptions,
): Promise<void> {
  const definitions = await readDefinitions(clickhouse);
  const chosen = rollUps.filter(({ table }) => tables?.includes(table) ?? true);
  const oldestMs = oldestRawMs(definitions.get('attempts')?.createTable ?? '');
  for (const rollUp of chosen) {
    const part = alignRange(range, rollUp.bucketSeconds, true);
    if (part.fromMs < oldestMs) {
      const oldest = new Date(oldestMs).toISOString();
      throw new PenstockError('PIPE_STATS_RAW_GONE', `${rollUp.table} can be made again from ${oldest} on`);
    }
  }
  for (const rollUp of chosen) {
    const part = alignRange(range, rollUp.bucketSeconds, true);
    onTable?.(rollUp.table, part);
    await rebuild(clickhouse, rollUp, part, definitions.get(`${rollUp.table}_feed`)?.asSelect ?? '');
  }
}

function oldestRawMs(createTable: string): number {
  const days = keptDays(createTable);
  return days === undefined ? 0 : Date.now() - days * dayMs;
}

async function rebuild(
  clickhouse: Pick<ClickHouse, 'command'>,
  { table, time }: RollUp,
  { fromMs, toMs }: TimeRange,
  asSelect: string,
): Promise<void> {
  const from = `fromUnixTimestamp64Milli(${fromMs}, 'UTC')`;
  const to = `fromUnixTimestamp64Milli(${toMs}, 'UTC')`;
  const within = `${time} >= ${from} AND ${time} < ${to}`;
  await clickhouse.command(`ALTER TABLE ${table} DELETE WHERE ${within} SETTINGS mutations_sync = 2`);
  await clickhouse.command(
    `INSERT INTO ${table} SELECT * FROM (${feedOver(asSelect, rawRowsOf(time, from, to))}) WHERE ${within} ` +
      `SETTINGS insert_deduplicate = 0, max_partitions_per_insert_block = 0, max_bytes_before_external_group_by = 300000000`,
  );
}
