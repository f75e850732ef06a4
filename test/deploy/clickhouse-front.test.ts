import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { type ClickHouseClient, ClickHouseLogLevel, createClient } from '@clickhouse/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeTempDir } from '../helpers/temp-dir.ts';
import { until } from '../helpers/until.ts';
import { type ClickHouseProcess, startClickHouseProcess } from './clickhouse-process.ts';

let server: ClickHouseProcess;
let client: ClickHouseClient;

const dataDir = mkdtempSync(join(tmpdir(), 'penstock-test-'));

beforeAll(async () => {
  server = await startClickHouseProcess(dataDir);
  client = createClient({ url: server.url, database: 'penstock', log: { level: ClickHouseLogLevel.OFF } });
});
afterAll(async () => {
  await client.close();
  await server.stop();
  rmSync(dataDir, { recursive: true });
});

interface Reply {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
}

async function post(sql: string | Buffer, search = '', headers: Record<string, string> = {}): Promise<Reply> {
  const response = await fetch(`${server.url}/?${search}`, {
    method: 'POST',
    body: new Uint8Array(Buffer.from(sql)),
    headers,
  });
  return { status: response.status, text: await response.text(), headers: response.headers };
}

let tables = 0;
async function makeTable(columns = 'a UInt64, s String', settings = ''): Promise<string> {
  tables += 1;
  await client.command({
    query: `CREATE TABLE t${tables} (${columns}) ENGINE = MergeTree ORDER BY tuple() ${settings}`,
  });
  return `t${tables}`;
}
const countOf = async (table: string): Promise<number> => Number((await post(`SELECT count() FROM ${table}`)).text);

describe('the ClickHouse client on the front', () => {
  it('pings, writes, reads with parameters', async () => {
    expect(await client.ping()).toEqual({ success: true });
    const table = await makeTable();
    await client.insert({
      table,
      values: [
        { a: 1, s: 'x' },
        { a: 2, s: 'it’s' },
      ],
      format: 'JSONEachRow',
    });
    const result = await client.query({
      query: `SELECT * FROM ${table} WHERE s = {s: String} AND a IN {all: Array(UInt64)}`,
      query_params: { s: 'it’s', all: [2, 3] },
      format: 'JSONEachRow',
    });
    expect(await result.json()).toEqual([{ a: 2, s: 'it’s' }]);
  });

  it('gives errors with ClickHouse’s code and type', async () => {
    await expect(client.query({ query: 'SELECT * FROM nowhere' })).rejects.toMatchObject({
      code: '60',
      type: 'UNKNOWN_TABLE',
    });
    await expect(client.command({ query: 'SELEC 1' })).rejects.toMatchObject({ code: '62' });
  });

  it('keeps 64-bit integers whole where it is asked to', async () => {
    const query = 'SELECT toUInt64(18446744073709551615) AS n';
    const quoted = { output_format_json_quote_64bit_integers: 1 } as const;
    const result = await client.query({ query, format: 'JSONEachRow', clickhouse_settings: quoted });
    expect(await result.text()).toBe('{"n":"18446744073709551615"}\n');
    expect(await (await client.query({ query, format: 'JSONEachRow' })).text()).toBe('{"n":18446744073709551615}\n');
  });

  it('stores rows under one token once', async () => {
    const table = await makeTable('a UInt64', 'SETTINGS non_replicated_deduplication_window = 100');
    const insert = (token: string, a: number) =>
      client.insert({
        table,
        values: [{ a }],
        format: 'JSONEachRow',
        clickhouse_settings: { insert_deduplication_token: token },
      });
    await insert('first', 1);
    await insert('first', 1);
    await insert('second', 1);
    expect(await countOf(table)).toBe(2);
  });

  it('compresses both ways', async () => {
    const zipped = createClient({
      url: server.url,
      database: 'penstock',
      compression: { request: true, response: true },
    });
    const table = await makeTable();
    await zipped.insert({ table, values: [{ a: 1, s: 'x' }], format: 'JSONEachRow' });
    const result = await zipped.query({ query: `SELECT s FROM ${table}`, format: 'TabSeparated' });
    expect(await result.text()).toBe('x\n');
    await zipped.close();
  });
});

describe('ways to send a query', () => {
  it('answers ping and the bare root', async () => {
    expect(await (await fetch(`${server.url}/ping`)).text()).toBe('Ok.\n');
    expect(await (await fetch(server.url)).text()).toBe('Ok.\n');
    expect((await fetch(`${server.url}/nowhere`)).status).toBe(404);
  });

  it('reads from the URL, from the body, and from both', async () => {
    expect(await (await fetch(`${server.url}/?query=SELECT%201`)).text()).toBe('1\n');
    expect((await post('SELECT 2')).text).toBe('2\n');
    expect((await post('FORMAT CSV', 'query=SELECT%203%20AS%20x')).text).toBe('3\n');
  });

  it.each([
    ['rows in the body', 'FORMAT CSV', '1,"x"\n2,"y, z"\n'],
    ['rows in JSON', 'FORMAT JSONEachRow', '{"a":1,"s":"x"}\n{"a":2,"s":"y"}'],
    ['values', 'VALUES', "(1, 'x'), (2, 'y')"],
    ['a select', '', "SELECT number, 's; FORMAT CSV' FROM numbers(2)"],
  ])('inserts %s, in one text or with the query in the URL', async (_name, format, rows) => {
    const table = await makeTable();
    const head = `INSERT INTO ${table} (a, s) ${format}`;
    expect((await post(rows, `query=${encodeURIComponent(head)}`)).text).toBe('');
    expect((await post(`${head}\n${rows}`)).text).toBe('');
    expect(await countOf(table)).toBe(4);
  });

  it('says what it did and in which format', async () => {
    const { headers } = await post('SELECT number FROM numbers(5)', 'default_format=JSONEachRow&query_id=mine');
    expect(headers.get('x-clickhouse-format')).toBe('JSONEachRow');
    expect(headers.get('x-clickhouse-query-id')).toBe('mine');
    expect(JSON.parse(headers.get('x-clickhouse-summary') ?? '')).toMatchObject({ read_rows: '5' });
    const table = await makeTable();
    const insert = await post('{"a":1}\n{"a":2}', `query=INSERT INTO ${table} FORMAT JSONEachRow`);
    expect(JSON.parse(insert.headers.get('x-clickhouse-summary') ?? '')).toMatchObject({ written_rows: '2' });
  });

  it('uses the format of the statement, of the URL, of the header, in this order', async () => {
    const header = { 'x-clickhouse-format': 'CSV' };
    expect((await post("SELECT 'a' FORMAT TSV", 'default_format=JSONCompactEachRow', header)).text).toBe('a\n');
    expect((await post("SELECT 'a'", 'default_format=JSONCompactEachRow', header)).text).toBe('["a"]\n');
    expect((await post("SELECT 'a'", '', header)).text).toBe('"a"\n');
  });

  it.each([
    ['SELECT 1 AS format ORDER BY format DESC', '1\n'],
    ["SELECT 'x;y -- FORMAT JSON' -- FORMAT JSON", 'x;y -- FORMAT JSON\n'],
    ['SELECT 1 /* ; */ ;', '1\n'],
    ['(SELECT 1) UNION ALL (SELECT 1)', '1\n1\n'],
    ['WITH 2 AS x SELECT x SETTINGS max_threads = 1', '2\n'],
    ['SELECT 1 FORMAT TSV SETTINGS max_threads = 1', '1\n'],
    ['SELECT {x: UInt8} + 1, {s: String}', "8\tit\\'s \\\\ {x: UInt8}\n"],
  ])('takes %s', async (sql, answer) => {
    const parameters = new URLSearchParams({ param_x: '7', param_s: "it's \\\\ {x: UInt8}", max_block_size: '7' });
    expect((await post(sql, parameters.toString())).text).toBe(answer);
  });
});

describe('parameters', () => {
  const ask = async (type: string, value: string) =>
    (
      await post(
        `SELECT {v: ${type}} AS v`,
        new URLSearchParams({ param_v: value, default_format: 'JSONEachRow' }).toString(),
      )
    ).text;

  it.each([
    ['String', "'; DROP TABLE t1; --", "'; DROP TABLE t1; --"],
    ['String', 'tab\\tand\\nline', 'tab\tand\nline'],
    ['String', "\\\\' OR 1=1", "\\' OR 1=1"],
    ['String', '', ''],
    ['Nullable(String)', '\\N', null],
    ['Int8', '-5', -5],
    ["DateTime64(3, 'UTC')", '2026-01-02 03:04:05.678', '2026-01-02 03:04:05.678'],
    ['Array(String)', "['it\\'s','b']", ["it's", 'b']],
  ])('%s of %j', async (type, value, expected) => {
    expect(JSON.parse(await ask(type, value))).toEqual({ v: expected });
  });

  it('that do not fit, or are missing, are errors', async () => {
    expect(await ask('UInt8', '1 OR 1=1')).toContain('Code: ');
    expect(await ask('Map(String, UInt8)', "{'a':1}")).toContain('Code: 48');
    expect(await post('SELECT {v: UInt8}')).toMatchObject({ status: 400, text: expect.stringContaining('Code: 456') });
  });

  it('as identifiers stay identifiers', async () => {
    const search = new URLSearchParams({ param_t: 'numbers`; DROP TABLE t1; --' }).toString();
    expect((await post('SELECT count() FROM system.{t: Identifier}', search)).text).toContain('Code: 60');
    expect((await post('SELECT count() FROM system.{t: Identifier}', 'param_t=one')).text).toBe('1\n');
  });

  it('of simultaneous requests do not mix', async () => {
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, index) => post('SELECT {v: UInt32} + sleep(0.01)', `param_v=${index}`)),
    );
    expect(answers.map(({ text }) => Number(text))).toEqual(Array.from({ length: 60 }, (_, index) => index));
  });
});

describe('reading only', () => {
  it('holds for the request and is gone with the next', async () => {
    const table = await makeTable();
    const insert = `INSERT INTO ${table} VALUES (1, 'x')`;
    for (const search of ['readonly=1', 'readonly=2']) {
      expect((await post(insert, search)).text).toContain('Code: 164');
      expect((await post(`SELECT count() FROM ${table}`, search)).text).toBe('0\n');
      expect((await post(`DROP TABLE ${table}`, search)).text).toContain('Code: 164');
    }
    expect((await post(insert)).status).toBe(200);
    expect(await countOf(table)).toBe(1);
  });

  it('holds for GET', async () => {
    const table = await makeTable();
    const sql = encodeURIComponent(`INSERT INTO ${table} VALUES (1, 'x')`);
    expect(await (await fetch(`${server.url}/?query=${sql}`)).text()).toContain('Code: 164');
    expect(await countOf(table)).toBe(0);
  });

  it.each(['SELECT 1 SETTINGS max_execution_time = 0', 'SELECT * FROM (SELECT 1 SETTINGS readonly = 0)'])(
    'level 1 keeps its limits from %s',
    async (sql) => {
      expect((await post(sql, 'readonly=1&max_execution_time=5')).text).toContain('Code: 164');
      expect((await post('SELECT name, value FROM system.settings LIMIT 0', 'readonly=1')).status).toBe(200);
    },
  );

  it('a reading connection cannot be made to write', async () => {
    const table = await makeTable();
    for (const sql of [
      `SELECT 1; INSERT INTO ${table} VALUES (1, 'x')`,
      `WITH 1 AS a INSERT INTO ${table} SELECT 1, 'x'`,
      'SELECT 1 SETTINGS readonly = 0',
      'SET readonly = 0',
    ]) {
      expect((await post(sql)).status).toBeGreaterThanOrEqual(400);
    }
    expect(await countOf(table)).toBe(0);
  });
});

describe('settings', () => {
  it('count for their own request alone', async () => {
    const ask = (search: string) => post("SELECT getSetting('max_block_size')", search);
    expect((await ask('max_block_size=77')).text).toBe('77\n');
    for (let index = 0; index < 6; index += 1) expect((await ask('')).text).not.toBe('77\n');
  });

  it('give way to those of the statement', async () => {
    const sql = "SELECT getSetting('max_block_size') SETTINGS max_block_size = 5";
    expect((await post(sql, 'max_block_size=77&max_threads=1')).text).toBe('5\n');
    expect(
      (await post(`${sql.split(' SETTINGS')[0]} FORMAT CSV SETTINGS max_block_size = 6`, 'max_block_size=77')).text,
    ).toBe('6\n');
  });

  it('limit every query that names no limit of its own', async () => {
    expect((await post("SELECT getSetting('max_execution_time')")).text).toBe('30\n');
    expect(await post('SELECT count() FROM numbers(1000000000000)', 'max_execution_time=1')).toMatchObject({
      status: 408,
      text: expect.stringContaining('Code: 159'),
    });
  });

  it('that nobody knows are refused; those of HTTP alone are not', async () => {
    expect(await post('SELECT 1', 'no_such_setting=1')).toMatchObject({
      status: 404,
      text: expect.stringContaining('Code: 115'),
    });
    expect((await post('SELECT 1', 'wait_end_of_query=1&send_progress_in_http_headers=1&query_id=x')).text).toBe('1\n');
    expect((await post('SELECT 1', "max_threads=1' , readonly='0")).status).toBe(400);
  });

  it('reach DDL too', async () => {
    tables += 1;
    const sql = `CREATE TABLE t${tables} (a LowCardinality(UInt8)) ENGINE = Memory`;
    expect((await post(sql)).text).toContain('allow_suspicious_low_cardinality_types');
    expect((await post(sql, 'allow_suspicious_low_cardinality_types=1')).text).toBe('');
  });
});

describe('what the engine could do and may not', () => {
  it.each([
    "SELECT * FROM file('/etc/hostname', 'LineAsString')",
    "SELECT * FROM `file`('/etc/hostname', 'LineAsString')",
    "SELECT * FROM FILE /* x */ ('/etc/hostname', 'LineAsString')",
    "SELECT file('/etc/hostname')",
    "SELECT * FROM '/etc/hostname'",
    'SELECT * FROM `/etc/hostname`',
    'SELECT * FROM default.`/etc/hostname`',
    'SELECT * FROM "default"."hostname"',
    "SELECT 1 INTO OUTFILE '/tmp/penstock-must-not-exist'",
    "INSERT INTO FUNCTION file('/tmp/penstock-must-not-exist') SELECT 1",
    "SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')",
    "SELECT * FROM remote('127.0.0.1', system.one)",
    "SELECT * FROM executable('id', 'TSV', 'x String')",
    "CREATE TABLE bad (a String) ENGINE = File(CSV, '/etc/hostname')",
    "CREATE TABLE bad (a String) ENGINE URL('http://127.0.0.1:1/', CSV)",
    "CREATE DICTIONARY bad (a UInt64) PRIMARY KEY a SOURCE(FILE(path '/etc/hostname' format 'TSV')) LAYOUT(FLAT()) LIFETIME(1)",
    "CREATE FUNCTION bad AS (x) -> file('/etc/hostname')",
    "BACKUP DATABASE penstock TO File('/tmp/penstock-must-not-exist')",
    'SYSTEM SHUTDOWN',
    'USE system',
  ])('%s', async (sql) => {
    const { status, text } = await post(sql);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(text).not.toContain('DB::Exception: Cannot');
    expect(text).toMatch(/Code: (?:497|62|48|60)\./);
  });

  it('rows in format Values are looked through as well', async () => {
    const table = await makeTable('s String');
    const rows = "(file('/etc/hostname'))";
    expect((await post(rows, `query=INSERT INTO ${table} VALUES`)).text).toContain('Code: 497');
    expect((await post(rows, `query=INSERT INTO ${table} FORMAT Values`)).text).toContain('Code: 497');
  });

  it('pages of a browser and other names are refused', async () => {
    expect((await post('SELECT 1', '', { origin: 'http://127.0.0.1:8080' })).status).toBe(403);
    expect(await statusWithHost('rebound.example')).toBe(403);
    expect(await statusWithHost('localhost')).toBe(200);
  });
});

async function statusWithHost(host: string): Promise<number | undefined> {
  const call = request(`${server.url}/ping`, { headers: { host } });
  call.end();
  const [response] = await once(call, 'response');
  response.resume();
  return response.statusCode;
}

describe('under load and abuse', () => {
  it('answers 200 requests at once, good and bad, each its own', async () => {
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, index) =>
        post(index % 5 === 0 ? `SELECT ${index} FROM nowhere` : `SELECT ${index}`),
      ),
    );
    answers.forEach(({ text, status }, index) => {
      if (index % 5 === 0) expect(status).toBe(404);
      else expect(text).toBe(`${index}\n`);
    });
  });

  it('a slow query does not hold up others', async () => {
    const slow = post('SELECT sleep(3)');
    const first = await Promise.race([slow.then(() => 'slow'), post('SELECT 1').then(() => 'quick')]);
    expect(first).toBe('quick');
    await slow;
  });

  it('goes on after clients that hang up', async () => {
    for (let index = 0; index < 30; index += 1) {
      const hangUp = new AbortController();
      const sent = fetch(server.url, { method: 'POST', body: 'SELECT sleep(0.05)', signal: hangUp.signal });
      if (index % 2 === 0) await new Promise((resolve) => setImmediate(resolve));
      hangUp.abort();
      await sent.catch(() => undefined);
    }
    expect((await post('SELECT 1')).text).toBe('1\n');
  });

  it('a body that ends early inserts nothing', async () => {
    const table = await makeTable();
    const call = request(`${server.url}/?query=INSERT%20INTO%20${table}%20FORMAT%20CSV`, {
      method: 'POST',
      headers: { 'content-length': '1000' },
    });
    call.on('error', () => undefined);
    call.write('1,"x"\n');
    await new Promise((resolve) => setImmediate(resolve));
    call.destroy();
    await post('SELECT sleep(0.1)');
    expect(await countOf(table)).toBe(0);
  });

  it('refuses gzip that is none, and gzip that grows too large', async () => {
    const zip = { 'content-encoding': 'gzip' };
    expect((await post(gzipSync('SELECT 5'), '', zip)).text).toBe('5\n');
    expect((await post('SELECT 5', '', zip)).text).toContain('Code: 354');
    const bomb = gzipSync(Buffer.alloc(100 << 20, 32));
    expect(await post(bomb, '', zip)).toMatchObject({ status: 413 });
    expect((await post('SELECT 5', '', { 'content-encoding': 'br' })).status).toBe(501);
  });

  it('gives gzip to those who ask', async () => {
    const call = request(`${server.url}/?query=SELECT%201&enable_http_compression=1`, {
      headers: { 'accept-encoding': 'gzip' },
    });
    call.end();
    const [response] = await once(call, 'response');
    expect(response.headers['content-encoding']).toBe('gzip');
    expect(gunzipSync(Buffer.concat(await response.toArray())).toString()).toBe('1\n');
  });

  it('a bad row refuses the whole insert and says where', async () => {
    const table = await makeTable();
    const answer = await post('{"a":1}\n{"a":"x"}\n', `query=INSERT INTO ${table} FORMAT JSONEachRow`);
    expect(answer).toMatchObject({ status: 400, text: expect.stringContaining('(at row 2)') });
    expect(await countOf(table)).toBe(0);
  });
});

describe('the process', () => {
  it('ends on SIGTERM with its data safe, and comes back with it', async () => {
    const dataDir = makeTempDir();
    const first = await startClickHouseProcess(dataDir);
    const send = (url: string, sql: string) => fetch(url, { method: 'POST', body: sql });
    await send(
      first.url,
      'CREATE TABLE kept (a UInt8) ENGINE = MergeTree ORDER BY a SETTINGS non_replicated_deduplication_window = 100',
    );
    await send(first.url, "INSERT INTO kept SETTINGS insert_deduplication_token = 'x' VALUES (7)");
    expect(await first.stop()).toBe(0);
    const second = await startClickHouseProcess(dataDir);
    await send(second.url, "INSERT INTO kept SETTINGS insert_deduplication_token = 'x' VALUES (7)");
    expect(await (await send(second.url, 'SELECT * FROM kept')).text()).toBe('7\n');
    await expect(startClickHouseProcess(dataDir)).rejects.toThrow('PIPE_STACK_DATA_IN_USE');
    second.child.disconnect();
    await until('the process to end with its parent’s channel', () => (second.child.exitCode === 0 ? true : undefined));
  });
});
