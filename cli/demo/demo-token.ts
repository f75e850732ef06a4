import { randomBytes } from 'node:crypto';
import type { Config } from '../../schemas/config.ts';

/** What the demo submits with, and the settings that make its gateway take it. */
export interface DemoToken {
  readonly token?: string;
  readonly env: Readonly<Record<string, string>>;
}

const tokenBytes = 24;

/**
 * A token of the demo's own where the configuration asks for tokens: those may be hashes, which nobody can submit with.
 * The configured ones open the demo's gateway too; a file of tokens is read once, not watched.
 */
export function demoToken({ tokens, tokensFile }: Pick<Config, 'tokens' | 'tokensFile'>): DemoToken {
  if (tokens.length === 0 && tokensFile === undefined) return { env: {} };
  const token = randomBytes(tokenBytes).toString('base64url');
  const entries = [...tokens, `${token} name=demo roles=submit`];
  return { token, env: { PENSTOCK_TOKENS: entries.join(','), PENSTOCK_TOKENS_FILE: '' } };
}
