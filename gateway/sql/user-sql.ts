import { PenstockError } from '../../schemas/errors.ts';
import type { Query, Row } from '../history/queries.ts';
import { refusalOfTree, type SqlRules } from './check-tree.ts';

/** What users may read. */
export const userTables: readonly string[] = [
  ...['attempts', 'tasks', 'task_submissions', 'throughput_1s', 'throughput_1m', 'throughput_1h', 'throughput_1d'],
  ...['errors_1m', 'group_lag', 'workers'],
];

/** Kinds of functions, in ClickHouse's own words, that compute and reach nothing. */
const harmlessCategories = [
  ...['Arithmetic', 'Arrays', 'Bit', 'Bitmap', 'Comparison', 'Conditional', 'Dates and Times', 'Distance', 'Encoding'],
  ...['Hash', 'IP Address', 'JSON', 'Logical', 'Map', 'Mathematical', 'Null', 'Random Number', 'Rounding', 'String'],
  ...[
    'String Replacement',
    'String Search',
    'String Splitting',
    'Time Window',
    'Tuple',
    'Type Conversion',
    'URL',
    'UUID',
  ],
];

/** Of the kind Other. */
const harmlessOthers = [
  ...['bar', 'transform', 'materialize', 'identity', 'ignore', 'toTypeName', 'byteSize', 'isConstant', 'visibleWidth'],
  ...['formatReadableSize', 'formatReadableDecimalSize', 'formatReadableQuantity', 'formatReadableTimeDelta'],
  ...['parseReadableSize', 'parseTimeDelta', 'neighbor', 'runningDifference', 'runningAccumulate', 'rowNumberInBlock'],
  ...['rowNumberInAllBlocks', 'finalizeAggregation', 'initializeAggregation', 'countDigits', 'throwIf', 'version'],
  ...['currentDatabase', 'caseWithExpression', 'levenshteinDistance', 'getSizeOfEnumType', 'variantElement'],
];

/** A SELECT may begin so; everything else needs no parser to be refused. */
const selectStart = /^\s*(?:(?:--[^\n]*\n|\/\*[\s\S]*?\*\/)\s*)*(?:SELECT|WITH|FROM|\()/i;
const maxSqlBytes = 65_536;

/**
 * In parentheses, or the format and the settings of the request would seem to be the statement's own. A statement that
 * parses alone has none that closes them early.
 */
export const explainTreeSql = (sql: string): string =>
  `SELECT explain FROM (EXPLAIN QUERY TREE run_passes = 0 ${sql}\n)`;

/** Where the parse and the list of functions come from. */
export interface SqlJudge {
  readonly database: string;
  read(query: Query): Promise<readonly Row[]>;
  /** Lines of EXPLAIN QUERY TREE run_passes = 0. */
  explainTree(sql: string): Promise<readonly string[]>;
}

/**
 * Lets a SELECT over the history through, judged by what ClickHouse itself makes of it. Throws PIPE_SQL_REFUSED with the
 * reason, PIPE_CLICKHOUSE_QUERY where it does not parse.
 */
export class UserSql {
  readonly #judge: SqlJudge;
  #rules: Promise<FixedRules> | undefined;

  constructor(judge: SqlJudge) {
    this.#judge = judge;
  }

  /** The statement as it is to be run. */
  async check(text: string): Promise<string> {
    const sql = text.replace(/[;\s]+$/, '');
    if (Buffer.byteLength(sql) > maxSqlBytes) throw refused(`a statement has at most ${maxSqlBytes} bytes`);
    if (!selectStart.test(sql)) throw refused('only SELECT is run here');
    const rules = await this.#loadRules();
    const [lines, databases] = await Promise.all([this.#judge.explainTree(sql), this.#databases()]);
    const reason = refusalOfTree(lines, { ...rules, databases });
    if (reason !== undefined) throw refused(reason);
    return sql;
  }

  #loadRules(): Promise<FixedRules> {
    this.#rules ??= this.#askRules().catch((error: unknown) => {
      this.#rules = undefined;
      throw error;
    });
    return this.#rules;
  }

  /** Asked each time: somebody may have made one. */
  async #databases(): Promise<ReadonlySet<string>> {
    const rows = await this.#judge.read({ sql: 'SELECT name FROM system.databases', params: {} });
    return new Set([...rows.map(({ name }) => String(name).toLowerCase()), 'system', 'information_schema', 'default']);
  }

  /** An alias is of the kind of what it stands for. */
  async #askRules(): Promise<FixedRules> {
    const rows = await this.#judge.read({
      sql:
        "SELECT f.name AS name, f.is_aggregate AS is_aggregate, if(f.alias_to = '', f.name, f.alias_to) AS origin, " +
        "if(f.alias_to = '', f.categories, o.categories) AS categories FROM system.functions AS f " +
        'LEFT JOIN system.functions AS o ON o.name = f.alias_to',
      params: {},
    });
    const others = new Set(harmlessOthers);
    const harmless = rows.filter(
      ({ categories, origin, name }) =>
        harmlessCategories.includes(String(categories)) || others.has(String(origin)) || others.has(String(name)),
    );
    const lower = (row: { readonly [column: string]: unknown }): string => String(row.name).toLowerCase();
    return {
      database: this.#judge.database,
      tables: new Set(userTables),
      functions: new Set(harmless.map(lower)),
      aggregates: new Set(rows.filter(({ is_aggregate: is }) => is === 1 || is === true).map(lower)),
    };
  }
}

type FixedRules = Omit<SqlRules, 'databases'>;

const refused = (reason: string): PenstockError => new PenstockError('PIPE_SQL_REFUSED', reason);
