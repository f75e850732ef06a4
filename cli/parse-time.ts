import { InvalidArgumentError } from 'commander';

const unitMs = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** `15m` ago, `2026-01-31T10:00:00Z`, or epoch milliseconds; as epoch ms. Throws commander's usage error. */
export function parseSince(text: string, nowMs: number = Date.now()): number {
  const [, amount, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  if (amount !== undefined && isUnit(unit)) return nowMs - Number(amount) * unitMs[unit];
  return parseTime(text);
}

/** An ISO time or epoch milliseconds; as epoch ms. Throws commander's usage error. */
export function parseTime(text: string): number {
  const ms = /^\d{10,16}$/.test(text) ? Number(text) : parseIso(text);
  if (!Number.isNaN(new Date(ms).getTime())) return ms;
  throw new InvalidArgumentError('give an ISO 8601 time such as 2026-01-31T10:00:00Z, or epoch milliseconds.');
}

/** Without a zone it is UTC: the same command means the same everywhere. */
export function parseIso(text: string): number {
  const match = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)?)?$/.exec(text);
  if (!match) return Number.NaN;
  return Date.parse(match[1] !== undefined && match[4] === undefined ? `${text}Z` : text);
}

const isUnit = (unit: string | undefined): unit is keyof typeof unitMs => unit !== undefined && unit in unitMs;

export function parseCount(minimum: number, maximum: number): (text: string) => number {
  return (text) => {
    const number = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (number >= minimum && number <= maximum) return number;
    throw new InvalidArgumentError(`give a whole number from ${minimum} to ${maximum}.`);
  };
}
