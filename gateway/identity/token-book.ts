import { hashOfToken, parseTokenEntry } from '../../schemas/config/token-entry.ts';
import type { Config } from '../../schemas/config.ts';
import { messageOf } from '../../schemas/errors.ts';
import { type Identity, identityOf } from './identity.ts';

/** The tokens that count now. Holds hashes only. */
export class TokenBook {
  #byHash: ReadonlyMap<string, Identity> = new Map();

  get size(): number {
    return this.#byHash.size;
  }

  /** Looked up by hash: how long that takes tells nothing of the token. */
  find(token: string): Identity | undefined {
    return this.#byHash.get(hashOfToken(token));
  }

  /** Forgets all others. An entry that is wrong opens nothing; what is wrong with it is in the answer. */
  replace(entries: readonly string[]): string[] {
    const problems: string[] = [];
    const next = new Map<string, Identity>();
    for (const [index, entry] of entries.entries()) {
      try {
        const parsed = parseTokenEntry(entry);
        next.set(parsed.hash, identityOf(parsed));
      } catch (thrown) {
        problems.push(`entry ${index + 1} ${messageOf(thrown)}`);
      }
    }
    this.#byHash = next;
    return problems;
  }
}

/** The book of the configuration; undefined where none was asked for. A file without a token in it opens to nobody. */
export function openTokens({ tokens, tokensFile }: Pick<Config, 'tokens' | 'tokensFile'>): TokenBook | undefined {
  if (tokens.length === 0 && tokensFile === undefined) return undefined;
  const book = new TokenBook();
  book.replace(tokens);
  return book;
}
