/** Figures as people read them; `none` where there is nothing to say. */
export const none = '–';

const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const tenths = new Intl.NumberFormat('en-US', { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const compact = new Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 1 });

export function formatCount(value: number | null | undefined): string {
  return value === null || value === undefined ? none : whole.format(value);
}

/** 1 error, 2 errors. */
export const countOf = (count: number, word: string): string =>
  `${formatCount(count)} ${word}${count === 1 ? '' : 's'}`;

/** Seven places at most: 1.2M. */
export function formatShort(value: number | null | undefined): string {
  if (value === null || value === undefined) return none;
  return Math.abs(value) < 100_000 ? whole.format(value) : compact.format(value);
}

/** Per second. */
export function formatRate(value: number | null | undefined): string {
  if (value === null || value === undefined) return none;
  if (value === 0) return '0';
  if (value < 0.05) return '<0.1';
  if (value < 99.95) return tenths.format(value);
  return formatShort(value);
}

export function formatShare(value: number | null | undefined): string {
  if (value === null || value === undefined || Number.isNaN(value)) return none;
  if (value === 0) return '0 %';
  return value < 0.001 ? '<0.1 %' : `${tenths.format(value * 100)} %`;
}

/** A length of time in two units at most. */
export function formatSpan(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return none;
  if (ms < 1) return ms <= 0 ? '0 ms' : '<1 ms';
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 10_000) return `${(ms / 1_000).toFixed(2)} s`;
  if (ms < 60_000 || ms === 100_000) return `${(ms / 1_000).toFixed(1)} s`;
  const [size, big, small] = spanUnits.find(([unit]) => ms >= unit) ?? spanUnits[2];
  const bigs = Math.floor(ms / size);
  const smalls = Math.floor((ms - bigs * size) / small.ms);
  return smalls === 0 ? `${bigs} ${big}` : `${bigs} ${big} ${smalls} ${small.name}`;
}

/** For narrow columns: one unit, nine characters at most. */
export function formatShortSpan(ms: number | null | undefined): string {
  if (ms === null || ms === undefined || ms < 60_000) return formatSpan(ms);
  if (ms < 6_000_000) return `${tenths.format(ms / 60_000)} min`;
  return ms < 360_000_000 ? `${tenths.format(ms / 3_600_000)} h` : `${whole.format(ms / 86_400_000)} d`;
}

const spanUnits = [
  [86_400_000, 'd', { ms: 3_600_000, name: 'h' }],
  [3_600_000, 'h', { ms: 60_000, name: 'min' }],
  [60_000, 'min', { ms: 1_000, name: 's' }],
] as const;

/** Of a round figure: 5 s, not 5.00 s. */
export const rounded = (text: string): string => text.replace(/\.0+(?=\D|$)/, '');

export function formatBytes(bytes: number | null | undefined): string {
  if (bytes === null || bytes === undefined) return none;
  if (bytes < 1_024) return `${bytes} B`;
  const power = Math.min(4, Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1_024 ** power;
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${['B', 'KiB', 'MiB', 'GiB', 'TiB'][power]}`;
}

export type Zone = 'local' | 'UTC';

const formats = new Map<string, Intl.DateTimeFormat>();

function formatIn(zone: Zone, name: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${zone} ${name}`;
  const known = formats.get(key);
  if (known) return known;
  const made = new Intl.DateTimeFormat('en-GB', { ...options, ...(zone === 'UTC' && { timeZone: 'UTC' }) });
  formats.set(key, made);
  return made;
}

const clock = { hour: '2-digit', minute: '2-digit', second: '2-digit' } as const;
const day = { year: 'numeric', month: 'short', day: '2-digit' } as const;

/** 09:30:01 */
export const formatClock = (ms: number, zone: Zone): string => formatIn(zone, 'clock', clock).format(ms);
/** 21 Nov 2026, 09:30:01 */
export const formatTime = (ms: number, zone: Zone): string => formatIn(zone, 'time', { ...day, ...clock }).format(ms);
/** The time of day within a day, the date too beyond. */
export const formatMoment = (ms: number, withinMs: number, zone: Zone): string =>
  withinMs < 86_400_000 ? formatClock(ms, zone) : formatTime(ms, zone);
/** 09:30:01.123 */
export const formatExact = (ms: number, zone: Zone): string =>
  formatIn(zone, 'exact', { ...clock, fractionalSecondDigits: 3 }).format(ms);

/** What marks of a time axis say when they are so far apart. */
export function formatMark(ms: number, apartMs: number, zone: Zone): string {
  if (apartMs >= 86_400_000) return formatIn(zone, 'day', { month: 'short', day: '2-digit' }).format(ms);
  if (apartMs < 60_000) return formatClock(ms, zone);
  return formatIn(zone, 'minute', { hour: '2-digit', minute: '2-digit' }).format(ms);
}

export function formatAgo(ms: number, nowMs: number): string {
  const ago = nowMs - ms;
  if (ago < 1_500) return 'now';
  if (ago < 60_000) return `${Math.floor(ago / 1_000)} s ago`;
  if (ago < 3_600_000) return `${Math.floor(ago / 60_000)} min ago`;
  return ago < 172_800_000 ? `${Math.floor(ago / 3_600_000)} h ago` : `${Math.floor(ago / 86_400_000)} d ago`;
}
