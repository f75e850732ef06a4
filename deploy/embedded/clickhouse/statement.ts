import { notImplementedFault, syntaxFault } from './fault.ts';
import { isMark, isName, isWord, nextToken, type Token, tokenize } from './tokens.ts';

/** A place in a statement at which settings may be added. */
export interface SettingsSpot {
  readonly at: number;
  /** true: the statement's own clause ends here and is to be continued. */
  readonly continues: boolean;
  /** Lower-case names that the statement sets there itself; they win. */
  readonly own: ReadonlySet<string>;
}

/** SELECT, SHOW, DESCRIBE, EXPLAIN, EXISTS. `sql` has no closing semicolon. */
export interface ReadStatement {
  readonly kind: 'read';
  readonly sql: string;
  readonly tokens: readonly Token[];
  /** Of its own FORMAT clause. */
  readonly format: string | undefined;
  readonly settings: SettingsSpot;
}

/** INSERT … FORMAT X with rows in the text, in the body, or both. */
export interface InsertRows {
  readonly kind: 'insert-rows';
  /** Up to the FORMAT keyword. */
  readonly head: string;
  readonly tokens: readonly Token[];
  /** Plain `db.table` and columns where the head has nothing else; undefined: the head must be kept as text. */
  readonly target: { readonly table: string; readonly columns: readonly string[] | undefined } | undefined;
  readonly format: string;
  readonly settings: SettingsSpot;
  /** Where the rows begin in the text. */
  readonly dataAt: number;
}

/** INSERT … SELECT and INSERT … VALUES, and an INSERT that ends before either. */
export interface InsertQuery {
  readonly kind: 'insert-query';
  readonly sql: string;
  readonly tokens: readonly Token[];
  readonly settings: SettingsSpot;
}

/** Everything else: DDL, ALTER, OPTIMIZE … */
export interface OtherStatement {
  readonly kind: 'other';
  readonly sql: string;
  readonly tokens: readonly Token[];
}

export type Statement = ReadStatement | InsertRows | InsertQuery | OtherStatement;

const readWords = ['SELECT', 'WITH', 'FROM', 'SHOW', 'DESCRIBE', 'DESC', 'EXPLAIN', 'EXISTS'];

/** Takes one statement apart as far as the front must know it; the engine remains the judge of its grammar. */
export function parseStatement(sql: string): Statement {
  const first = nextToken(sql, 0);
  if (!first) throw syntaxFault('Empty query');
  if (isWord(first, 'INSERT')) return parseInsert(sql);
  const tokens = oneStatement(tokenize(sql));
  const text = sql.slice(0, tokens.at(-1)?.end ?? 0);
  const isRead = isWord(first, ...readWords) || isMark(first, '(');
  return isRead ? parseRead(text, tokens) : { kind: 'other', sql: text, tokens };
}

function oneStatement(tokens: readonly Token[]): readonly Token[] {
  const last = tokens.findLastIndex((token) => !isMark(token, ';'));
  const kept = tokens.slice(0, last + 1);
  const inner = kept.find((token) => isMark(token, ';'));
  if (inner) {
    throw syntaxFault(
      `Syntax error (Multi-statements are not allowed): failed at position ${inner.start + 1} (end of query)`,
    );
  }
  if (kept.length === 0) throw syntaxFault('Empty query');
  return kept;
}

function parseRead(sql: string, tokens: readonly Token[]): ReadStatement {
  const formatAt = findFormatClause(tokens);
  const format = formatAt === undefined ? undefined : tokens[formatAt + 1]?.text;
  const tail = tokens.slice((formatAt ?? tokens.length) + 2);
  const continues = isWord(tail[0], 'SETTINGS');
  const own = continues ? settingNames(tail) : new Set<string>();
  return { kind: 'read', sql, tokens, format, settings: { at: sql.length, continues, own } };
}

/** Words after which FORMAT is a column or an alias. */
const expectsOperand = ['BY', 'SELECT', 'AND', 'OR', 'NOT', 'IN', 'LIKE', 'ON', 'WHERE', 'HAVING', 'AS', 'DISTINCT'];

function findFormatClause(tokens: readonly Token[]): number | undefined {
  let depth = 0;
  let found: number | undefined;
  tokens.forEach((token, index) => {
    if (token.kind === 'mark' && '([{'.includes(token.text)) depth += 1;
    if (token.kind === 'mark' && ')]}'.includes(token.text)) depth -= 1;
    if (depth === 0 && isFormatClause(tokens, index)) found = index;
  });
  return found;
}

function isFormatClause(tokens: readonly Token[], index: number): boolean {
  const [before, token, name, after] = [tokens[index - 1], tokens[index], tokens[index + 1], tokens[index + 2]];
  if (!isWord(token, 'FORMAT') || name?.kind !== 'word' || isWord(name, 'ASC', 'DESC', 'NULLS')) return false;
  if (after !== undefined && !isWord(after, 'SETTINGS')) return false;
  const closesOperand = before?.kind === 'mark' ? ')]}*'.includes(before.text) : !isWord(before, ...expectsOperand);
  return before !== undefined && closesOperand;
}

function settingNames(clause: readonly Token[]): Set<string> {
  const names = new Set<string>();
  clause.forEach((token, index) => {
    const opens = isMark(clause[index - 1], ',') || isWord(clause[index - 1], 'SETTINGS');
    if (opens && isName(token) && isMark(clause[index + 1], '=')) names.add(token.text.toLowerCase());
  });
  return names;
}

/** Reads tokens of a head one after another; the rows that follow are never tokenized. */
class HeadReader {
  readonly tokens: Token[] = [];
  readonly #sql: string;
  #at = 0;

  constructor(sql: string) {
    this.#sql = sql;
  }

  peek(): Token | undefined {
    return nextToken(this.#sql, this.#at);
  }

  take(): Token {
    const token = this.peek();
    if (!token) throw syntaxFault('Syntax error: the INSERT ends before FORMAT, VALUES or SELECT');
    this.#at = token.end;
    this.tokens.push(token);
    return token;
  }

  takeIf(accept: (token: Token | undefined) => boolean): Token | undefined {
    return accept(this.peek()) ? this.take() : undefined;
  }
}

const opensRows = (token: Token | undefined): boolean =>
  isWord(token, 'FORMAT', 'VALUES', 'SELECT', 'WITH', 'FROM', 'SETTINGS', 'WATCH', 'EXPLAIN');

function parseInsert(sql: string): InsertRows | InsertQuery {
  const reader = new HeadReader(sql);
  reader.take();
  reader.takeIf((token) => isWord(token, 'INTO'));
  reader.takeIf((token) => isWord(token, 'TABLE'));
  const target = readTarget(reader);
  const at = reader.tokens.at(-1)?.end ?? 0;
  const settings = readSettings(reader, at);
  const opening = reader.peek();
  if (isWord(opening, 'FROM')) throw notImplementedFault('INSERT … FROM INFILE is not served here');
  if (!isWord(opening, 'FORMAT')) return insertQuery(sql, settings);
  const rows = insertRows(sql, reader, { target, settings });
  // Rows in format Values may hold expressions: they are to be looked through like any SQL.
  return rows.format.toUpperCase() === 'VALUES' ? insertQuery(sql, settings) : rows;
}

/** Everything up to the rows, a function call or an odd column list included; then there is no plain target. */
function readTarget(reader: HeadReader): InsertRows['target'] {
  const taken: Token[] = [];
  let depth = 0;
  for (let next = reader.peek(); next; next = reader.peek()) {
    if (depth === 0 && (opensRows(next) || opensSelect(next, taken))) break;
    const token = reader.take();
    if (isMark(token, '(')) depth += 1;
    if (isMark(token, ')')) depth -= 1;
    taken.push(token);
  }
  const text = taken.map((token) => (token.kind === 'word' || token.kind === 'mark' ? token.text : '?')).join(' ');
  const plain = /^(\w+(?: \. \w+)?)(?: \( (\w+(?: , \w+)*) \))?$/.exec(text);
  if (!plain?.[1] || /^FUNCTION\b/i.test(text)) return undefined;
  return { table: plain[1].replaceAll(' ', ''), columns: plain[2]?.split(' , ') };
}

/** `INSERT INTO t (a) (SELECT …)`: a parenthesis that holds a query, not columns. */
function opensSelect(next: Token, taken: readonly Token[]): boolean {
  return isMark(next, '(') && isMark(taken.at(-1), ')');
}

function readSettings(reader: HeadReader, at: number): SettingsSpot {
  if (!reader.takeIf((token) => isWord(token, 'SETTINGS'))) return { at, continues: false, own: new Set() };
  const clause: Token[] = reader.tokens.slice(-1);
  while (!isWord(reader.peek(), 'FORMAT', 'VALUES', 'SELECT', 'WITH', 'FROM')) clause.push(reader.take());
  return { at: clause.at(-1)?.end ?? at, continues: true, own: settingNames(clause) };
}

function insertRows(sql: string, reader: HeadReader, known: Pick<InsertRows, 'target' | 'settings'>): InsertRows {
  const head = sql.slice(0, reader.tokens.at(-1)?.end ?? 0);
  reader.take();
  const format = reader.take();
  const gap = /[ \t]*(?:\r?\n)?/y;
  gap.lastIndex = format.end;
  const dataAt = format.end + (gap.exec(sql)?.[0].length ?? 0);
  const target = known.settings.continues ? undefined : known.target;
  return { kind: 'insert-rows', head, tokens: reader.tokens, ...known, target, format: format.text, dataAt };
}

function insertQuery(sql: string, settings: SettingsSpot): InsertQuery {
  const tokens = oneStatement(tokenize(sql));
  return { kind: 'insert-query', sql: sql.slice(0, tokens.at(-1)?.end ?? 0), tokens, settings };
}
