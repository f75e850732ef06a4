import type { Verification } from '../../processors/stats/verify-roll-ups.ts';
import { textTable } from '../text-table.ts';

const shown = 50;

export function describeVerification({ tables, rows, differences }: Verification): string {
  const iso = (ms: number): string => new Date(ms).toISOString().slice(0, 16);
  const checked = tables.map(({ table, fromMs, toMs }) =>
    toMs > fromMs ? `${table} (${iso(fromMs)} to ${iso(toMs)})` : `${table} (no whole bucket that is still kept)`,
  );
  const head = `checked against ${rows.toLocaleString('en-US')} rows: ${checked.join(', ')}`;
  if (differences.length === 0) return `${head}\nevery roll-up agrees with the raw rows`;
  const table = textTable(
    ['roll-up', 'hour', 'key', 'measure', 'raw', 'stored'],
    differences
      .slice(0, shown)
      .map((each) => [...[each.table, iso(each.hourMs), each.key, each.measure], ...[each.raw, each.stored]]),
  );
  const more = differences.length > shown ? `\n… and ${differences.length - shown} more` : '';
  return `${head}\n${table}${more}\nmend an hour with: penstock stats rebuild --since <hour>`;
}
