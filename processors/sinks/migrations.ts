import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';

/** One numbered file of deploy/clickhouse. */
export interface Migration {
  readonly version: number;
  readonly name: string;
  /** SHA-256 of the text, so that a change to an applied file is seen. */
  readonly checksum: string;
  readonly statements: readonly string[];
}

export interface AppliedMigration {
  readonly version: number;
  readonly name: string;
  readonly checksum: string;
}

const folder = new URL('../../deploy/clickhouse/', import.meta.url);

/** In order of their numbers. */
export async function readMigrations(from: URL = folder): Promise<Migration[]> {
  const names = (await readdir(from)).filter((name) => /^\d{4}_\w+\.sql$/.test(name)).sort();
  return Promise.all(names.map(async (name) => parseMigration(name, await readFile(new URL(name, from), 'utf8'))));
}

export function parseMigration(name: string, text: string): Migration {
  const unix = text.replaceAll('\r\n', '\n');
  return {
    version: Number(name.slice(0, 4)),
    name,
    checksum: createHash('sha256').update(unix).digest('hex'),
    statements: splitStatements(unix),
  };
}

/** A statement ends with a semicolon at the end of a line; whole-line comments are left out. */
function splitStatements(text: string): string[] {
  const code = text
    .split('\n')
    .filter((line) => !line.trimStart().startsWith('--'))
    .join('\n');
  return code
    .split(/;[ \t]*(?:\n|$)/)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '');
}

export type MigrationPlan =
  | { readonly kind: 'apply'; readonly pending: readonly Migration[] }
  | { readonly kind: 'changed'; readonly name: string }
  | { readonly kind: 'newer'; readonly version: number; readonly known: number };

/** What to do about a database with those migrations. */
export function planMigrations(known: readonly Migration[], applied: readonly AppliedMigration[]): MigrationPlan {
  const newest = Math.max(0, ...known.map(({ version }) => version));
  const beyond = Math.max(0, ...applied.map(({ version }) => version));
  if (beyond > newest) return { kind: 'newer', version: beyond, known: newest };
  const checksums = new Map(applied.map(({ version, checksum }) => [version, checksum]));
  const changed = known.find(({ version, checksum }) => (checksums.get(version) ?? checksum) !== checksum);
  if (changed) return { kind: 'changed', name: changed.name };
  return { kind: 'apply', pending: known.filter(({ version }) => !checksums.has(version)) };
}
