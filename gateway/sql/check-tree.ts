export interface SqlRules {
  /** Ours. */
  readonly database: string;
  /** Of the server, lower case; ours among them. */
  readonly databases: ReadonlySet<string>;
  /** Of ours that users may name with their database. */
  readonly tables: ReadonlySet<string>;
  /** Lower case. */
  readonly functions: ReadonlySet<string>;
  readonly aggregates: ReadonlySet<string>;
}

/** Nodes of a SELECT. Whatever a later ClickHouse may add is refused until somebody looked at it. */
const allowedNodes = new Set([
  ...['QUERY', 'UNION', 'LIST', 'CONSTANT', 'FUNCTION', 'IDENTIFIER', 'MATCHER', 'LAMBDA', 'WINDOW', 'SORT', 'JOIN'],
  ...['CROSS_JOIN', 'ARRAY_JOIN', 'INTERPOLATE', 'TABLE_FUNCTION', 'EXCEPT COLUMN TRANSFORMER'],
  ...['REPLACE COLUMN TRANSFORMER', 'APPLY COLUMN TRANSFORMER'],
]);

const harmlessTableFunctions = new Set([
  'numbers',
  'numbers_mt',
  'zeros',
  'generateseries',
  'generate_series',
  'values',
]);

/** Made by the parser itself. */
const syntaxFunctions = new Set([
  'lambda',
  'exists',
  'cast',
  '_cast',
  'tuple',
  'array',
  'grouping',
  'casewithexpression',
]);

const combinators =
  /^(?:If|Array|Map|State|Merge|MergeState|ForEach|Distinct|OrDefault|OrNull|Resample|ArgMin|ArgMax|SimpleState|Null)*$/i;

/** What a SELECT without FROM reads. */
const nothing = 'system.one';

const nodeLine = /^ *([A-Z_]+(?: [A-Z_]+)*) id: \d+(?:, |$)(.*)$/;
/** An alias is the user's text and could pass for a field: it may hold no comma and no colon, and each field stands once. */
const alias = '(?:alias: [^,:]*, )?';
const identifierFields = new RegExp(
  `^${alias}identifier: ([^,:]+)(?:, final: 1)?(?:, (?:sample_size|offset_sample_ratio): [\\d ./]+)*$`,
);
const functionFields = new RegExp(`^${alias}function_name: (\\w+), function_type: \\w+$`);
const tableFunctionFields = new RegExp(`^${alias}table_function_name: (\\w+)(?:, .*)?$`);

/**
 * Why a statement may not run for a user; undefined: it may. The lines are those of EXPLAIN QUERY TREE run_passes = 0: all
 * that will run, the insides of windows and column transformers too (EXPLAIN AST leaves those out), and nothing of it has
 * run yet. A text constant may hold line breaks: what follows them can only look like more nodes, never hide one.
 */
export function refusalOfTree(lines: readonly string[], rules: SqlRules): string | undefined {
  if (!/^(?:QUERY|UNION) id: 0/.test(lines[0] ?? '')) return 'only SELECT is run here';
  for (const line of lines) {
    const reason = refusalOfLine(line, rules);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

function refusalOfLine(line: string, rules: SqlRules): string | undefined {
  if (/^ *SETTINGS\b/.test(line)) return 'SETTINGS are not taken';
  const [, node, fields = ''] = nodeLine.exec(line) ?? [];
  if (node === undefined) return undefined;
  if (!allowedNodes.has(node)) return `${node} is not taken`;
  if (node !== 'CONSTANT' && (fields.match(/(?:identifier|function_name): /g) ?? []).length > 1) return unreadable;
  switch (node) {
    case 'IDENTIFIER':
      return refusalOfIdentifier(identifierFields.exec(fields)?.[1], rules);
    case 'FUNCTION':
      return refusalOfFunction(functionFields.exec(fields)?.[1], rules);
    case 'TABLE_FUNCTION':
      return refusalOfTableFunction(tableFunctionFields.exec(fields)?.[1]);
    default:
      return undefined;
  }
}

const unreadable = 'it could not be looked through: take plainer names';

/** A name without a dot is a column or a table of our own; so is one that begins with no database. */
function refusalOfIdentifier(name: string | undefined, rules: SqlRules): string | undefined {
  if (name === undefined) return unreadable;
  const [first = '', second = ''] = name.split('.');
  if (name === nothing || !name.includes('.') || !rules.databases.has(first.toLowerCase())) return undefined;
  return first === rules.database && rules.tables.has(second)
    ? undefined
    : `${name.slice(0, 80)} is no table of the history`;
}

function refusalOfFunction(name: string | undefined, rules: SqlRules): string | undefined {
  if (name === undefined) return unreadable;
  return isAllowed(name, rules) ? undefined : `the function ${name.slice(0, 80)} is not taken`;
}

function refusalOfTableFunction(name: string | undefined): string | undefined {
  if (name === undefined) return unreadable;
  return harmlessTableFunctions.has(name.toLowerCase())
    ? undefined
    : `the table function ${name.slice(0, 80)} is not taken`;
}

function isAllowed(name: string, { functions, aggregates }: SqlRules): boolean {
  const lower = name.toLowerCase();
  if (functions.has(lower) || aggregates.has(lower) || syntaxFunctions.has(lower)) return true;
  for (let cut = lower.length - 1; cut > 0; cut -= 1) {
    if (aggregates.has(lower.slice(0, cut)) && combinators.test(name.slice(cut))) return true;
  }
  return false;
}
