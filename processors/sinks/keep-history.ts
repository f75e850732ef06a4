import { keptDays } from '../stats/roll-ups.ts';
import type { ClickHouse } from './clickhouse.ts';

const timeOf: Readonly<Record<string, string>> = {
  attempts: 'toDateTime(event_time)',
  task_states: 'toDateTime(submitted_at)',
  group_lag: 'toDateTime(t)',
  workers: 'toDateTime(t)',
};

/**
 * Sets the time to live of the tables that are named, in days, where it is another; resolves with the names of those
 * changed. Rows past it go with the next merge. What is not named any more keeps what it has.
 */
export async function keepHistory(
  clickhouse: Pick<ClickHouse, 'query' | 'command'>,
  daysByTable: Readonly<Partial<Record<string, number>>>,
): Promise<string[]> {
  const changed: string[] = [];
  for (const [table, days] of Object.entries(daysByTable)) {
    const [row] = await clickhouse.query<{ create_table_query: string }>(
      'SELECT create_table_query FROM system.tables WHERE database = currentDatabase() AND name = {table: String}',
      { table },
    );
    if (days === undefined || !row || keptDays(row.create_table_query) === days) continue;
    const ttl = `${timeOf[table] ?? 't'} + INTERVAL ${days} DAY DELETE`;
    await clickhouse.command(`ALTER TABLE ${table} MODIFY TTL ${ttl} SETTINGS materialize_ttl_after_modify = 0`);
    changed.push(table);
  }
  return changed;
}
