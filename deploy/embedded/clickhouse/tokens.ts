export type TokenKind = 'word' | 'quoted' | 'string' | 'number' | 'mark';

/** One lexical unit of SQL; comments and white space make none. `end` is exclusive. */
export interface Token {
  readonly kind: TokenKind;
  /** Source text; of a quoted identifier and of a string, the raw text between its quotes. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

const closing: Readonly<Record<string, string>> = { "'": "'", '"': '"', '`': '`', '‘': '’', '“': '”' };
const blank = /\s/;
const wordStart = /[A-Za-z_]/;
const wordPattern = /[A-Za-z0-9_$]+/y;
const numberPattern = /(?:0[xX][0-9a-fA-F]+|[0-9.]+(?:[eE][+-]?[0-9]+)?[A-Za-z0-9_]*)/y;
const heredocPattern = /\$[A-Za-z0-9_]*\$/y;

function matchAt(pattern: RegExp, sql: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(sql)?.[0];
}

function endOfComment(sql: string, at: number): number | undefined {
  const two = sql.slice(at, at + 2);
  if (two === '/*') {
    const end = sql.indexOf('*/', at + 2);
    return end < 0 ? sql.length : end + 2;
  }
  if (two !== '--' && two !== '# ' && two !== '#!') return undefined;
  const end = sql.indexOf('\n', at);
  return end < 0 ? sql.length : end + 1;
}

function skipBlank(sql: string, from: number): number {
  let at = from;
  while (at < sql.length) {
    const comment = endOfComment(sql, at);
    if (comment !== undefined) at = comment;
    else if (blank.test(sql.charAt(at))) at += 1;
    else break;
  }
  return at;
}

/** Index of the closing quote; a backslash escapes the next character and a doubled quote stands for itself. */
function endOfQuoted(sql: string, open: number, quote: string): number {
  let at = open + 1;
  while (at < sql.length) {
    const char = sql.charAt(at);
    if (char === '\\') at += 2;
    else if (char !== quote) at += 1;
    else if (sql.charAt(at + 1) === quote) at += 2;
    else return at;
  }
  return sql.length;
}

function quotedToken(sql: string, start: number, quote: string): Token {
  const end = endOfQuoted(sql, start, quote);
  const kind = quote === "'" || quote === '’' ? 'string' : 'quoted';
  return { kind, text: sql.slice(start + 1, end), start, end: Math.min(end + 1, sql.length) };
}

function heredocToken(sql: string, start: number): Token | undefined {
  const tag = matchAt(heredocPattern, sql, start);
  if (tag === undefined) return undefined;
  const end = sql.indexOf(tag, start + tag.length);
  if (end < 0) return undefined;
  return { kind: 'string', text: sql.slice(start + tag.length, end), start, end: end + tag.length };
}

function token(kind: TokenKind, text: string, start: number): Token {
  return { kind, text, start, end: start + text.length };
}

/** The token at or after `from`; undefined at the end. An unclosed quote runs to the end: the engine will refuse it. */
export function nextToken(sql: string, from: number): Token | undefined {
  const start = skipBlank(sql, from);
  if (start >= sql.length) return undefined;
  const char = sql.charAt(start);
  const quote = closing[char];
  if (quote !== undefined) return quotedToken(sql, start, quote);
  if (char === '$') {
    const heredoc = heredocToken(sql, start);
    if (heredoc) return heredoc;
  }
  if (wordStart.test(char)) return token('word', matchAt(wordPattern, sql, start) ?? char, start);
  const dottedNumber = char === '.' && /[0-9]/.test(sql.charAt(start + 1));
  if (/[0-9]/.test(char) || dottedNumber) return token('number', matchAt(numberPattern, sql, start) ?? char, start);
  return token('mark', char, start);
}

export function tokenize(sql: string, from = 0): Token[] {
  const found: Token[] = [];
  for (let next = nextToken(sql, from); next; next = nextToken(sql, next.end)) found.push(next);
  return found;
}

export const isWord = (candidate: Token | undefined, ...words: readonly string[]): boolean =>
  candidate?.kind === 'word' && words.includes(candidate.text.toUpperCase());

export const isMark = (candidate: Token | undefined, mark: string): boolean =>
  candidate?.kind === 'mark' && candidate.text === mark;

/** A bare word or a quoted identifier. */
export const isName = (candidate: Token | undefined): candidate is Token =>
  candidate?.kind === 'word' || candidate?.kind === 'quoted';
