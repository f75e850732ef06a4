/** Values of one row in the order of its columns. */
export type ColumnValues = readonly (string | number | boolean | Readonly<Record<string, string>>)[];

/** The tables take dates of these years. */
const earliestMs = Date.UTC(2000, 0, 1);
const latestMs = Date.UTC(2100, 0, 1) - 1;
/** A time further from its record's is from a broken clock: it would be dropped as too old, or open a partition of its own. */
const longestBehindMs = 30 * 86_400_000;
export const longestAheadMs = 86_400_000;
const maxText = 1000;
export const maxUInt32 = 2 ** 32 - 1;

const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value || 0));

export const dateValue = (epochMs: number): number => Math.round(clamp(epochMs, earliestMs, latestMs));

/** The time, or its record's where it cannot be. */
export function timeValue(epochMs: number, recordMs: number): number {
  const isPlausible = epochMs >= recordMs - longestBehindMs && epochMs <= recordMs + longestAheadMs;
  return dateValue(isPlausible ? epochMs : recordMs);
}

export const countValue = (value: number, max = Number.MAX_SAFE_INTEGER): number => Math.round(clamp(value, 0, max));

export const textValue = (value: string): string => (value.length <= maxText ? value : value.slice(0, maxText));

/** A line of JSONCompactEachRow. Half a surrogate pair, from a cut or from a producer, is an escape that ClickHouse refuses. */
export function compactLine(values: ColumnValues): string {
  const line = JSON.stringify(values);
  if (!line.includes('\\ud')) return line;
  return line.replaceAll(/\\\\|\\ud[0-9a-f]{3}/g, (found) => (found === '\\\\' ? found : '\\ufffd'));
}
