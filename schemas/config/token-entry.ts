import { createHash } from 'node:crypto';

export const roles = ['submit', 'read', 'operate', 'admin'] as const;
export type Role = (typeof roles)[number];

/** One bearer token and what it opens. The token itself is not kept. */
export interface TokenEntry {
  /** SHA-256 of the token, hex. Tokens are random, so a plain hash cannot be searched. */
  readonly hash: string;
  /** Stands in the audit log; default: the first eight digits of the hash. */
  readonly name: string;
  /** Default: admin. */
  readonly roles: readonly Role[];
  /** Sees and makes tasks of this tenant alone. */
  readonly tenant?: string;
  /** Sees and feeds these pipelines alone. */
  readonly pipelines?: readonly string[];
  /** Requests a second. */
  readonly perSecond?: number;
}

export const hashOfToken = (token: string): string => createHash('sha256').update(token).digest('hex');

const hashed = /^sha256:([0-9a-f]{64})$/;
const plain = /^[!-~]+$/;
const printable = /^[^\p{C}\s]{1,256}$/u;

/**
 * Reads `TOKEN-OR-HASH [name=N] [roles=A+B] [tenant=T] [pipelines=P+Q] [per-second=N]`, where a hash is `sha256:<hex>`.
 * Throws an Error that says what is wrong, without the token.
 */
export function parseTokenEntry(entry: string): TokenEntry {
  const [secret = '', ...pairs] = entry.split(/\s+/);
  const hash = hashed.exec(secret)?.[1] ?? hashOfPlain(secret);
  const fields: { -readonly [K in keyof TokenEntry]: TokenEntry[K] } = {
    hash,
    name: hash.slice(0, 8),
    roles: ['admin'],
  };
  const seen = new Set<string>();
  for (const pair of pairs) {
    const at = pair.indexOf('=');
    const [key, value] = [pair.slice(0, at), pair.slice(at + 1)];
    const read = at > 0 ? fieldReaders.get(key) : undefined;
    if (!read) throw new Error(`has a field other than ${[...fieldReaders.keys()].join(', ')}`);
    if (seen.has(key)) throw new Error(`has ${key} twice`);
    seen.add(key);
    Object.assign(fields, read(value));
  }
  return fields;
}

function hashOfPlain(secret: string): string {
  if (secret.startsWith('sha256:')) throw new Error('has a hash that is not sha256: and 64 hexadecimal digits');
  if (!plain.test(secret)) throw new Error('has a token that is not printable ASCII');
  return hashOfToken(secret);
}

const fieldReaders = new Map<string, (value: string) => Partial<TokenEntry>>([
  ['name', (value) => ({ name: readName('name', value) })],
  ['roles', (value) => ({ roles: value.split('+').map(readRole) })],
  ['tenant', (value) => ({ tenant: readName('tenant', value) })],
  ['pipelines', (value) => ({ pipelines: value.split('+').map((name) => readName('pipelines', name)) })],
  ['per-second', (value) => ({ perSecond: readRate(value) })],
]);

function readName(field: string, value: string): string {
  if (!printable.test(value)) throw new Error(`has a ${field} that is empty, too long or not printable`);
  return value;
}

function readRole(value: string): Role {
  const role = roles.find((known) => known === value);
  if (role === undefined) throw new Error(`has a role other than ${roles.join(', ')}`);
  return role;
}

function readRate(value: string): number {
  const rate = /^\d{1,7}$/.test(value) ? Number(value) : 0;
  if (rate < 1) throw new Error('has a per-second that is not a whole number from 1');
  return rate;
}
