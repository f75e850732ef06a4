import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { openEngine } from '../../deploy/embedded/clickhouse/engine.ts';
import { fillParameters, quote } from '../../deploy/embedded/clickhouse/parameters.ts';
import { insertAt } from '../../deploy/embedded/clickhouse/settings.ts';
import { parseStatement } from '../../deploy/embedded/clickhouse/statement.ts';
import { tokenize } from '../../deploy/embedded/clickhouse/tokens.ts';
import { makeTempDir } from '../helpers/temp-dir.ts';

vi.mock('chdb', () => {
  throw new Error('Cannot find package chdb');
});

it('a machine without chdb gets a code and a remedy', async () => {
  const failure = await openEngine({ dataDir: makeTempDir() }).catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: 'PIPE_STACK_NO_CHDB', remedy: expect.stringContaining('npm install chdb') });
});

describe('tokens', () => {
  const texts = (sql: string) => tokenize(sql).map(({ kind, text }) => `${kind}:${text}`);

  it('skip comments and keep strings whole', () => {
    expect(texts("SELECT 'a;--b''c\\'d' -- x\n, /* ; */ `q\"` # y\n#! z")).toEqual([
      'word:SELECT',
      "string:a;--b''c\\'d",
      'mark:,',
      'quoted:q"',
    ]);
    expect(texts('1.5e3 .5 0xFF a.b $x$ any ; $x$ ‘u’ “v”')).toEqual([
      'number:1.5e3',
      'number:.5',
      'number:0xFF',
      'word:a',
      'mark:.',
      'word:b',
      'string: any ; ',
      'string:u',
      'quoted:v',
    ]);
  });

  it('end, on any text, and cover it in order', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'\'"`\\-#/*$ \n;(a1.{:}‘’', 'FORMAT ') }), (sql) => {
        let last = 0;
        for (const { start, end } of tokenize(sql)) {
          expect(start).toBeGreaterThanOrEqual(last);
          expect(end).toBeGreaterThan(start);
          last = end;
        }
        expect(last).toBeLessThanOrEqual(sql.length);
      }),
    );
  });
});

describe('a value of a parameter', () => {
  it('stays one string literal, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'\'"`\\-#/*$ \n;(a1.{:}‘’') }), (value) => {
        const tokens = tokenize(`SELECT ${quote(value)} , 1`);
        expect(tokens.map(({ kind }) => kind)).toEqual(['word', 'string', 'mark', 'number']);
        const sql = 'SELECT {v: String} , 1';
        const filled = fillParameters(sql, tokenize(sql), new Map([['v', value]]));
        expect(tokenize(filled).map(({ kind }) => kind)).toEqual(['word', 'string', 'mark', 'number']);
      }),
    );
  });

  it('is not put into strings, comments and maps', () => {
    const sql = "SELECT '{v: String}', {'v': 1} /* {v: String} */";
    expect(fillParameters(sql, tokenize(sql), new Map([['v', 'x']]))).toBe(sql);
  });
});

describe('settings of the request', () => {
  const settings = new Map([
    ['max_threads', '2'],
    ['log_comment', "it's"],
  ]);
  const withSettings = (sql: string): string => {
    const statement = parseStatement(sql);
    if (statement.kind === 'other') throw new Error('no place for settings');
    return insertAt(statement.kind === 'insert-rows' ? statement.head : statement.sql, statement.settings, settings)
      .replace(/\s+/g, ' ')
      .trim();
  };
  const clause = "SETTINGS max_threads = '2', log_comment = 'it\\'s'";

  it.each([
    ['SELECT 1', `SELECT 1 ${clause}`],
    ['SELECT 1 FORMAT CSV;', `SELECT 1 FORMAT CSV ${clause}`],
    [
      'SELECT 1 FORMAT CSV SETTINGS a = 1',
      "SELECT 1 FORMAT CSV SETTINGS a = 1, max_threads = '2', log_comment = 'it\\'s'",
    ],
    [
      'SELECT 1 FORMAT CSV SETTINGS a = 1, max_threads = 9',
      "SELECT 1 FORMAT CSV SETTINGS a = 1, max_threads = 9, log_comment = 'it\\'s'",
    ],
    ['INSERT INTO t (a, b) SELECT 1, 2', `INSERT INTO t (a, b) ${clause} SELECT 1, 2`],
    ['INSERT INTO t (a) (SELECT 1)', `INSERT INTO t (a) ${clause} (SELECT 1)`],
    ['INSERT INTO d.t VALUES (1)', `INSERT INTO d.t ${clause} VALUES (1)`],
    [
      "INSERT INTO t SETTINGS max_threads = 1 VALUES ('x')",
      "INSERT INTO t SETTINGS max_threads = 1, log_comment = 'it\\'s' VALUES ('x')",
    ],
    ['INSERT INTO TABLE t FORMAT CSV 1,2', `INSERT INTO TABLE t ${clause}`],
  ])('go into %s where they belong', (sql, expected) => {
    expect(withSettings(sql)).toBe(expected);
  });
});

describe('an INSERT', () => {
  it.each([
    ['INSERT INTO t FORMAT CSV', { table: 't', columns: undefined }],
    ['INSERT INTO d.t (a, b_2) FORMAT CSV', { table: 'd.t', columns: ['a', 'b_2'] }],
    ['INSERT INTO `t` FORMAT CSV', undefined],
    ['INSERT INTO t (* EXCEPT(a)) FORMAT CSV', undefined],
    ["INSERT INTO FUNCTION null('a Int8') FORMAT CSV", undefined],
    ['INSERT INTO t SETTINGS a = 1 FORMAT CSV', undefined],
  ])('%s has the plain target %j', (sql, target) => {
    expect(parseStatement(sql)).toMatchObject({ kind: 'insert-rows', format: 'CSV', target });
  });

  it.each([
    ['INSERT INTO t FORMAT CSV\n1;2', '1;2'],
    ['INSERT INTO t FORMAT CSV \r\n 1', ' 1'],
    ['INSERT INTO t FORMAT JSONEachRow {"a":1}', '{"a":1}'],
  ])('%j has its rows behind the format', (sql, rows) => {
    const statement = parseStatement(sql);
    expect(statement.kind === 'insert-rows' && sql.slice(statement.dataAt)).toBe(rows);
  });
});
