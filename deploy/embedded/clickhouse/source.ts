import { fillParameters } from './parameters.ts';
import { parseStatement, type Statement } from './statement.ts';

export interface Source {
  readonly statement: Statement;
  /** Rows of an INSERT … FORMAT; empty for all others. */
  readonly rows: Buffer;
}

const none = Buffer.alloc(0);

/** The query may stand in the URL, in the body, or begin in the one and go on in the other; its parameters are filled in. */
export function readSource({ url, body }: { readonly url: URLSearchParams; readonly body: Buffer }): Source {
  const query = url.get('query') ?? '';
  if (query.trim() === '') return readText(body.toString(), none, url);
  if (/^\s*INSERT\b/i.test(query)) return readText(query, body, url);
  return readText(joined(query, body), none, url);
}

const joined = (query: string, rest: Buffer): string => (rest.length === 0 ? query : `${query}\n${rest.toString()}`);

function readText(sql: string, rest: Buffer, url: URLSearchParams): Source {
  const statement = parseStatement(sql);
  if (statement.kind !== 'insert-rows') {
    const whole = rest.length === 0 ? statement : parseStatement(joined(sql, rest));
    return { statement: filled(whole, url), rows: none };
  }
  const inText = Buffer.from(sql.slice(statement.dataAt));
  const rows = inText.length === 0 ? rest : Buffer.concat([inText, rest]);
  return { statement: filled(statement, url), rows };
}

function filled(statement: Statement, url: URLSearchParams): Statement {
  const isRows = statement.kind === 'insert-rows';
  const sql = isRows ? statement.head : statement.sql;
  const text = fillParameters(sql, statement.tokens, parametersOf(url));
  if (text === sql) return statement;
  return parseStatement(isRows ? `${text} FORMAT ${statement.format}` : text);
}

function parametersOf(url: URLSearchParams): ReadonlyMap<string, string> {
  const named = [...url].filter(([name]) => name.startsWith('param_'));
  return new Map(named.map(([name, value]) => [name.slice('param_'.length), value]));
}
