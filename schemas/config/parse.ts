import { messageOf } from '../errors.ts';
import type { Parse } from './setting.ts';
import { parseTokenEntry } from './token-entry.ts';

export const text: Parse<string> = (value) => value;

export const oneOf =
  <const Choice extends string>(...choices: readonly Choice[]): Parse<Choice> =>
  (value) => {
    const choice = choices.find((known) => known === value.toLowerCase());
    if (choice === undefined) throw new Error(`must be one of ${choices.join(', ')}`);
    return choice;
  };

export const flag: Parse<boolean> = (value) => {
  if (/^(true|1|yes|on)$/i.test(value)) return true;
  if (/^(false|0|no|off)$/i.test(value)) return false;
  throw new Error('must be true or false');
};

export const port: Parse<number> = (value) => {
  const number = /^\d{1,5}$/.test(value) ? Number(value) : 0;
  if (number < 1 || number > 65_535) throw new Error('must be a port, 1 to 65535');
  return number;
};

/** Entries parted by commas or line breaks; blanks around them and empty ones do not count. */
export const list: Parse<string[]> = (value) => value.split(/[,\n]/).map(trim).filter(Boolean);

/** Entries of a list of tokens; lines that begin with # are remarks. */
export const tokenLines = (value: string): string[] => list(value.replace(/^\s*#.*$/gm, ''));

/** Entries as in token-entry.ts, kept as text. The message never shows one. */
export const tokenList: Parse<string[]> = (value) => {
  const entries = tokenLines(value);
  for (const [index, entry] of entries.entries()) {
    try {
      parseTokenEntry(entry);
    } catch (thrown) {
      throw new Error(`${entries.length === 1 ? '' : `at place ${index + 1} `}${messageOf(thrown)}`);
    }
  }
  return entries;
};

export const historyTables = [
  ...['attempts', 'throughput_1s', 'throughput_1m', 'throughput_1h', 'throughput_1d', 'errors_1m', 'task_states'],
  ...['group_lag', 'workers'],
] as const;

/** Days by table: `attempts=30,throughput_1m=90`. */
export const keptDaysList: Parse<Readonly<Partial<Record<string, number>>>> = (value) =>
  Object.fromEntries(
    list(value).map((entry) => {
      const [, table = '', days = ''] = /^(\w+)=(\d{1,5})$/.exec(entry) ?? [];
      if (historyTables.some((known) => known === table) && Number(days) > 0) return [table, Number(days)];
      throw new Error(`must be table=days, of ${historyTables.join(', ')}`);
    }),
  );

export const brokerList: Parse<string[]> = (value) => {
  const entries = list(value);
  if (entries.length === 0) throw new Error('must name at least one broker');
  const wrong = entries.findIndex((entry) => !isHostAndPort(entry));
  if (wrong >= 0)
    throw new Error(entries.length === 1 ? 'must be host:port' : `must be host:port at place ${wrong + 1}`);
  return entries;
};

export const identifier: Parse<string> = (value) => {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(value)) throw new Error('must be letters, digits and underscores');
  return value;
};

export const host: Parse<string> = (value) => {
  if (!/^[A-Za-z0-9.:_-]+$/.test(value)) throw new Error('must be a host name or an address');
  return value;
};

/** An absolute URL of one of the schemes, without a trailing slash. */
export const url =
  (...schemes: readonly string[]): Parse<string> =>
  (value) => {
    const parsed = URL.canParse(value) ? new URL(value) : undefined;
    const scheme = parsed?.protocol.slice(0, -1);
    if (!parsed || !scheme || !schemes.includes(scheme)) {
      throw new Error(`must be a URL that begins with ${schemes.map((known) => `${known}://`).join(' or ')}`);
    }
    if (scheme === 's3' && parsed.hostname === '') throw new Error('must name a bucket: s3://bucket/prefix');
    if (scheme === 'file' && parsed.hostname !== '') throw new Error('must be an absolute path: file:///folder');
    if (scheme === 'file' && parsed.pathname === '/') throw new Error('must name a folder: file:///folder');
    return value.replace(/\/+$/, '');
  };

function isHostAndPort(entry: string): boolean {
  const [, name, digits] = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+):(\d{1,5})$/.exec(entry) ?? [];
  return name !== undefined && Number(digits) >= 1 && Number(digits) <= 65_535;
}

function trim(entry: string): string {
  return entry.trim();
}
