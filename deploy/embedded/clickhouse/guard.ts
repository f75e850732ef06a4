import { deniedFault, notImplementedFault, readOnlyFault, syntaxFault } from './fault.ts';
import type { Statement } from './statement.ts';
import { isMark, isName, isWord, type Token } from './tokens.ts';

/**
 * The embedded engine has no users and no file sandbox: any SQL could read and write the user's files or call out.
 * What a task history needs is let through; the doors to the outside are shut by name. A door is anything the
 * engine lists as a table function and that is not known to be harmless, so that a newer engine opens none.
 */
const harmlessTableFunctions = new Set([
  ...['numbers', 'numbers_mt', 'zeros', 'zeros_mt', 'generateseries', 'generate_series', 'generaterandom', 'primes'],
  ...['values', 'view', 'null', 'format', 'input', 'sqlstandardvalues'],
]);

/** Ordinary functions that reach files. */
const deniedFunctions = ['file', 'catboostevaluate', 'disk', 'eval'];

const allowedStatements = [
  ...['SELECT', 'WITH', 'FROM', 'SHOW', 'DESCRIBE', 'DESC', 'EXPLAIN', 'EXISTS', 'INSERT', 'CREATE', 'ALTER', 'DROP'],
  ...['TRUNCATE', 'RENAME', 'EXCHANGE', 'OPTIMIZE', 'DETACH', 'ATTACH', 'CHECK', 'UNDROP', 'DELETE', 'UPDATE', 'KILL'],
  'SYSTEM',
];

const allowedSystemCommands = ['FLUSH', 'START', 'STOP', 'SYNC', 'REFRESH', 'WAIT', 'RELOAD', 'DROP'];

const allowedEngine =
  /^(?:Replicated)?(?:Replacing|Summing|Aggregating|(?:Versioned)?Collapsing|Coalescing)?MergeTree$|^(?:Memory|Null|Log|TinyLog|StripeLog|Set|Join|Buffer|Atomic)$/i;

export const deniedNames = (tableFunctions: readonly string[]): ReadonlySet<string> =>
  new Set([
    ...deniedFunctions,
    ...tableFunctions.map((name) => name.toLowerCase()).filter((name) => !harmlessTableFunctions.has(name)),
  ]);

/** Throws what a statement may not do here, whoever sends it. */
export function guardStatement({ tokens }: Statement, denied: ReadonlySet<string>): void {
  const first = tokens[0];
  if (isWord(first, 'SET', 'USE')) {
    throw notImplementedFault(
      'SET and USE need a session, which is not kept here: give settings and database in the URL, or a SETTINGS clause',
    );
  }
  if (!isWord(first, ...allowedStatements) && !isMark(first, '(')) {
    throw syntaxFault(`Syntax error: “${first?.text.slice(0, 40) ?? ''}” begins no statement that is served here`);
  }
  tokens.forEach((token, index) => {
    const reason = refusal(tokens, token, index, denied);
    if (reason !== undefined) throw deniedFault(`Not allowed by the embedded engine: ${reason}`);
  });
}

function refusal(
  tokens: readonly Token[],
  token: Token,
  index: number,
  denied: ReadonlySet<string>,
): string | undefined {
  const [before, after, beyond] = [tokens[index - 1], tokens[index + 1], tokens[index + 2]];
  if (isName(token) && isMark(after, '(') && denied.has(token.text.toLowerCase())) return `function ${token.text}`;
  if (token.kind === 'quoted' && /[/\\]/.test(token.text)) return 'an identifier with a slash';
  if (isDefaultDatabase(token) && isMark(after, '.')) return 'database default, which shows files; use penstock';
  if (isWord(token, 'OUTFILE', 'INFILE')) return token.text;
  if (isWord(token, 'DICTIONARY', 'COLLECTION') && isWord(tokens[0], 'CREATE', 'ALTER', 'ATTACH')) return token.text;
  if (isWord(token, 'FROM') && isWord(tokens[0], 'ATTACH')) return 'ATTACH … FROM';
  if (isWord(token, 'FUNCTION') && isWord(before, 'CREATE', 'REPLACE')) return 'CREATE FUNCTION';
  if (isWord(token, 'SYSTEM') && index === 0 && !isWord(after, ...allowedSystemCommands)) return 'this SYSTEM command';
  if (!isWord(token, 'ENGINE') || !isWord(tokens[0], 'CREATE', 'ATTACH', 'ALTER')) return undefined;
  if (isMark(before, '.') || isMark(after, ',') || isWord(after, 'FROM', 'AS', 'IN', 'LIKE')) return undefined;
  const engine = isMark(after, '=') ? beyond : after;
  return engine?.kind === 'word' && allowedEngine.test(engine.text) ? undefined : `engine ${engine?.text ?? ''}`;
}

const isDefaultDatabase = (token: Token): boolean => isName(token) && token.text.toLowerCase() === 'default';

/** What `readonly` of the request adds: reading statements only and, at level 1, no settings but those of the URL. */
export function guardReadOnly(statement: Statement, level: 0 | 1 | 2): void {
  if (level === 0) return;
  if (statement.kind !== 'read') throw readOnlyFault('Cannot execute query in readonly mode.');
  const { tokens } = statement;
  const own = tokens.find(
    (token, index) => isWord(token, 'SETTINGS') && isName(tokens[index + 1]) && isMark(tokens[index + 2], '='),
  );
  if (level === 1 && own) throw readOnlyFault('Cannot modify settings in readonly mode.');
}
