import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { hashOfToken, parseTokenEntry } from '../../schemas/config/token-entry.ts';
import { idempotentId, placeId } from '../../schemas/task-id.ts';
import type { InboundRecord } from '../../topics/ports.ts';
import { type DocsSystem, startDocsSystem } from '../docs/docs-system.ts';
import { type Answers, runPage } from '../docs/run-page.ts';
import { prepareTools } from '../docs/tools.ts';
import { until } from '../helpers/until.ts';

const page = readFileSync('docs/producing-events.md', 'utf8');
const installLimitMs = 300_000;

type Seen = InboundRecord & { readonly partition: number };

let system: DocsSystem;
let answers: Answers;
let tasks: readonly Seen[];
let dead: readonly Seen[];

/** What a topic gets from now on; other tests may have used it before. */
async function collect(topic: string): Promise<Seen[]> {
  const seen: Seen[] = [];
  const admin = await system.broker.admin();
  const starts = new Map((await admin.offsets(topic)).map(({ partition, latest }) => [partition, latest]));
  await admin.close();
  const consumer = system.broker.consumer({ groupId: `docs-${randomUUID()}`, topics: [topic] });
  await consumer.start({
    assigned() {},
    rebalancing() {},
    records({ partition, records }) {
      const fresh = records.filter(({ offset }) => offset >= (starts.get(partition) ?? 0));
      seen.push(...fresh.map((record) => ({ ...record, partition })));
    },
    failed() {},
  });
  afterAll(() => consumer.stop());
  return seen;
}

async function stateOf(id: string): Promise<string | undefined> {
  const rows = await system.clickhouse.query<{ state: string }>(
    'SELECT toString(state) AS state FROM tasks WHERE task_id = {id: String}',
    { id },
  );
  const state = rows[0]?.state;
  return state === 'queued' || state === 'running' || state === 'waiting' ? undefined : state;
}

const endOf = (id: string): Promise<string> => until(`the end of task ${id}`, () => stateOf(id));
const headersOf = (record: Seen): string[] => Object.keys(record.headers);
const textOf = (record: Seen | undefined): string => record?.value?.toString() ?? '';
const reasonOf = (letter: Seen) => JSON.parse(String(letter.headers['penstock-dead']));
/** Tasks of other tests may still be on their way to the dead letters. */
const isPlaceOf = (task: Seen, place: { partition: number; offset: number }): boolean =>
  task.partition === place.partition && task.offset === place.offset;
const fromPage = (piece: string): Seen | undefined => tasks.find((record) => textOf(record).includes(piece));

beforeAll(async () => {
  const python = await prepareTools();
  system = await startDocsSystem(inject('stack'));
  tasks = await collect('assets.download');
  dead = await collect('assets.download.dlq');
  const { folder, replace } = system;
  const env = { ...system.env, PATH: `${python}:${process.env.PATH}` };
  answers = await runPage(page, { folder, replace, env, limitMs: 90_000 });
}, installLimitMs);

afterAll(() => system?.stop());

describe('docs/producing-events.md', () => {
  it('over HTTP: one task, an array, lines, an Idempotency-Key', async () => {
    const one = JSON.parse(answers('cars.json'));
    expect(one).toMatchObject({ pipeline: 'assets', stage: 'download', topic: 'assets.download' });
    expect(await endOf(one.id)).toBe('succeeded');
    const [array, lines] = answers('many.ndjson <<')
      .split(/(?<=\})(?=\{)/)
      .map((text) => JSON.parse(text));
    expect(array.rejected).toMatchObject([
      { index: 1, error: { code: 'PIPE_TASK_SCHEMA_MISMATCH', errors: [{ pointer: '/url', detail: 'is missing' }] } },
    ]);
    expect(lines).toMatchObject({ accepted: 2, rejected: [] });
    for (const id of [...array.ids, ...lines.ids]) expect(await endOf(id)).toBe('succeeded');
    const keyed = JSON.parse(answers('idempotency-key: invoice-2041'));
    expect(keyed.id).toBe(idempotentId(undefined, 'assets', 'invoice-2041'));
    expect(await endOf(keyed.id)).toBe('succeeded');
  });

  it('cancelling by its id a task that nobody knows', () => {
    expect(answers('-X DELETE')).toContain('{"id":"order-nobody-wants","state":"cancelling"}');
    expect(answers('-X DELETE')).toMatch(/order-nobody-wants\norder-18b\n$/);
  });

  it('over HTTP: CloudEvents', async () => {
    expect(JSON.parse(answers('ce-id: order-19'))).toMatchObject({ id: 'order-19', stage: 'download' });
    expect(JSON.parse(answers('order-20'))).toMatchObject({ accepted: 1, ids: ['order-20'] });
    for (const id of ['order-19', 'order-20']) expect(await endOf(id)).toBe('succeeded');
  });

  it('a token and its line', () => {
    const [, token = '', line = ''] = /^token: (\S+)\nline: {2}(.+)$/m.exec(answers('penstock token create')) ?? [];
    expect(parseTokenEntry(line)).toEqual({
      hash: hashOfToken(token),
      name: 'shop',
      roles: ['submit', 'read'],
      tenant: 'acme',
      pipelines: ['assets'],
      perSecond: 100,
    });
  });

  it('with the command line: one and waited for, many', async () => {
    const [first = '', result = '', ...many] = answers('penstock submit').trim().split('\n');
    expect(JSON.parse(result)).toMatchObject({ contentType: 'application/vnd.apache.parquet' });
    expect(first).toMatch(/^[0-9a-f-]{36} succeeded$/);
    expect(many).toHaveLength(2);
    for (const id of many) expect(await endOf(id)).toBe('succeeded');
    expect(new Set(tasks.filter(({ key }) => key?.toString() === 'vega').map(({ partition }) => partition)).size).toBe(
      1,
    );
  });

  it('with kcat: a task without headers has the id of its place', async () => {
    const plain = await until('the record', () => fromPage('iowa-electricity.csv'));
    expect(headersOf(plain)).toEqual([]);
    expect(await endOf(placeId('assets.download', plain.partition, plain.offset))).toBe('succeeded');
  });

  it('with kcat: ids and tenants of headers are taken', async () => {
    expect(await endOf('order-17')).toBe('succeeded');
    expect(await endOf('order-18')).toBe('succeeded');
    const rows = await system.clickhouse.query<{ tenant: string }>(
      `SELECT any(tenant) AS tenant FROM attempts WHERE task_id = 'order-17'`,
    );
    expect(rows).toEqual([{ tenant: 'acme' }]);
  });

  it('from Python and Node: JSON and Avro', async () => {
    const [, id = '', place = ''] = /^task (\S+) at (\S+)$/m.exec(answers('python3 send_json.py')) ?? [];
    const [topic = '', partition, offset] = place.split('/');
    expect(id).toBe(placeId(topic, Number(partition), Number(offset)));
    expect(await endOf(id)).toBe('succeeded');
    for (const each of ['from-python-avro', 'from-node-json', 'from-node-avro']) {
      expect(await endOf(each), each).toBe('succeeded');
    }
    const framed = tasks.filter((record) => textOf(record).includes('from-') && record.value?.[0] === 0);
    expect(framed).toHaveLength(2);
  });

  it('one key lies in one partition, whoever produced it', () => {
    const keyed = tasks.filter(({ key }) => key?.toString() === 'customer-7');
    expect(keyed).toHaveLength(3);
    expect(new Set(keyed.map(({ partition }) => partition)).size).toBe(1);
  });

  it('bad values are dead letters, once and whole, with the codes of the table', async () => {
    const own = (): Seen[] => dead.filter((record) => tasks.some((task) => isPlaceOf(task, reasonOf(record))));
    await until('three dead letters', () => (own().length >= 3 ? true : undefined));
    const letters = own().map((record) => {
      const reason = reasonOf(record);
      return { value: textOf(record), code: reason.code, attempts: reason.attempts, headers: headersOf(record) };
    });
    const headers = ['penstock-dead'];
    const mismatch = { code: 'PIPE_TASK_SCHEMA_MISMATCH', attempts: 1, headers };
    expect(letters.sort((a, b) => a.value.localeCompare(b.value))).toEqual([
      { value: '{"uri":"a slip of the pen"}', ...mismatch },
      { value: '{"url":17}', ...mismatch },
      { value: 'no JSON at all', code: 'PIPE_TASK_NOT_JSON', attempts: 1, headers },
    ]);
  });

  it('a record that unpacks to more than the limit is a dead letter too', async () => {
    const value = JSON.stringify({ url: 'x'.repeat(1_200_000) });
    const args = ['-P', '-b', system.config.brokers.join(','), '-t', 'assets.download', '-z', 'gzip'];
    execFileSync('kcat', [...args, '-X', 'message.max.bytes=2000000'], { input: value });
    const letter = await until('its dead letter', () => dead.find((record) => textOf(record) === value));
    expect(JSON.parse(String(letter.headers['penstock-dead']))).toMatchObject({ code: 'PIPE_TASK_TOO_LARGE' });
  });

  it('nothing was submitted twice', () => {
    const good = 23;
    const bad = 4;
    expect(tasks).toHaveLength(good + bad);
  });
});
