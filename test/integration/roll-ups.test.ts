import { randomUUID } from 'node:crypto';
import { cp, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { attemptColumns, attemptRows } from '../../processors/sinks/attempt-row.ts';
import { type ClickHouse, connectClickHouse } from '../../processors/sinks/clickhouse.ts';
import { keepHistory } from '../../processors/sinks/keep-history.ts';
import { migrate } from '../../processors/sinks/migrate.ts';
import { rebuildRollUps } from '../../processors/stats/rebuild-roll-ups.ts';
import { rollUps } from '../../processors/stats/roll-ups.ts';
import { verifyRollUps } from '../../processors/stats/verify-roll-ups.ts';
import type { Attempt } from '../../schemas/generated/attempt-batch.ts';
import { makeTempDir } from '../helpers/temp-dir.ts';
import { aBatch, anAttempt } from '../processors/sinks/attempts.ts';

const hour = 3_600_000;
const now = Date.now();
/** Everything from two days ago to tomorrow: each bucket lies in it as a whole. */
const allTime = { fromMs: now - 48 * hour, toMs: now + 48 * hour };

function open(): ClickHouse {
  const clickhouse = connectClickHouse({
    url: inject('stack').clickhouseUrl,
    user: 'default',
    password: '',
    database: `roll${randomUUID().slice(0, 8)}`,
  });
  onTestFinished(() => clickhouse.close());
  return clickhouse;
}

/** Thirty hours of attempts, so that an insert touches several days, of every outcome. */
const history = (offset: number, count = 500): readonly Attempt[] =>
  Array.from({ length: count }, (_, index) => {
    const eventTime = now - Math.floor((index * 30 * hour) / count);
    const isDead = index % 7 === 0;
    return anAttempt({
      taskId: `t${offset}-${index % 400}`,
      eventTime,
      startedAt: eventTime - index,
      submittedAt: eventTime - 2 * index,
      queueMs: index,
      runMs: index,
      bytesIn: 10,
      bytesOut: 3,
      outcome: isDead ? 'dead' : ((['ok', 'retry', 'accepted'] as const)[index % 3] ?? 'ok'),
      ...(isDead && { errorCode: 'PIPE_X', errorFingerprint: `f${index % 3}`, errorMessage: 'what\u0000ever\ud800' }),
    });
  });

function insert(
  clickhouse: ClickHouse,
  offset: number,
  attempts = history(offset),
  columns: number = attemptColumns.length,
) {
  const lines = attemptRows(aBatch(attempts), { partition: 0, offset, timestampMs: now });
  const cut = lines.map((line) => JSON.stringify(JSON.parse(line).slice(0, columns)));
  const rows = Buffer.from(cut.join('\n'));
  return clickhouse.insert({ table: 'attempts', columns: attemptColumns.slice(0, columns), rows, token: `t${offset}` });
}

const differences = async (clickhouse: ClickHouse) => (await verifyRollUps(clickhouse, allTime)).differences;

describe('roll-ups', () => {
  it('equal the raw rows after repeated inserts and inserts that failed half way', async () => {
    const clickhouse = open();
    await migrate(clickhouse);
    await insert(clickhouse, 1);
    await insert(clickhouse, 1);
    for (const { table } of rollUps) {
      const offset = 100 + rollUps.findIndex((each) => each.table === table);
      await clickhouse.command('CREATE TABLE nothing (x UInt8) ENGINE = MergeTree ORDER BY x');
      await clickhouse.command(
        `CREATE MATERIALIZED VIEW ${table}_breaks TO nothing AS SELECT toUInt8(throwIf(run_ms >= 0)) AS x FROM attempts`,
      );
      await expect(insert(clickhouse, offset)).rejects.toMatchObject({ code: 'PIPE_CLICKHOUSE_QUERY' });
      await clickhouse.command(`DROP TABLE ${table}_breaks SYNC`);
      await clickhouse.command('DROP TABLE nothing SYNC');
      await insert(clickhouse, offset);
      await insert(clickhouse, offset);
    }
    const { rows, differences: found } = await verifyRollUps(clickhouse, allTime);
    expect(found).toEqual([]);
    expect(rows).toBe(500 * (1 + rollUps.length));
    const [day] = await clickhouse.query<{ tasks: string }>('SELECT sum(tasks) AS tasks FROM throughput_1d');
    expect(Number(day?.tasks)).toBe(rows);
  });

  it('are found wrong, and made right again, hour by hour', async () => {
    const clickhouse = open();
    await migrate(clickhouse);
    await insert(clickhouse, 1);
    const damaged = { fromMs: now - 5 * hour, toMs: now - 5 * hour + 1 };
    await clickhouse.command(
      "INSERT INTO throughput_1m (t, pipeline, stage, outcome, tasks) SELECT toDateTime({at: UInt32}, 'UTC'), 'p', 's', 'ok', 5",
      { at: Math.floor(damaged.fromMs / 1_000) },
    );
    for (const table of ['throughput_1s', 'throughput_1d', 'errors_1m', 'task_states']) {
      await clickhouse.command(`ALTER TABLE ${table} DELETE WHERE 1 SETTINGS mutations_sync = 2`);
    }
    const found = await differences(clickhouse);
    expect([...new Set(found.map(({ table }) => table))].sort()).toEqual([
      'errors_1m',
      'task_states',
      'throughput_1d',
      'throughput_1m',
      'throughput_1s',
    ]);
    expect(found.filter(({ table }) => table === 'throughput_1m')).toMatchObject([
      { measure: 'tasks', key: 'p s ok', hourMs: Math.floor(damaged.fromMs / hour) * hour },
    ]);
    await rebuildRollUps(clickhouse, { ...damaged, tables: ['throughput_1m'] });
    expect((await differences(clickhouse)).some(({ table }) => table === 'throughput_1m')).toBe(false);
    await rebuildRollUps(clickhouse, allTime);
    expect(await differences(clickhouse)).toEqual([]);
    await insert(clickhouse, 2);
    expect(await differences(clickhouse)).toEqual([]);
  });

  it('hold what a database of an older schema had', async () => {
    const clickhouse = open();
    const folder = join(makeTempDir(), 'sql');
    await mkdir(folder);
    const source = new URL('../../deploy/clickhouse/', import.meta.url);
    const first = (await readdir(source)).filter((name) => /^000[123]_/.test(name));
    for (const name of first) await cp(new URL(name, source), join(folder, name));
    await migrate(clickhouse, pathToFileURL(`${folder}/`));
    const submittedAt = attemptColumns.length - 1;
    const states = 'SELECT task_id, stage, state, submitted_at, attempts FROM tasks ORDER BY task_id';
    await insert(clickhouse, 1, history(1), submittedAt);
    const before = await clickhouse.query(states);
    const [one, two] = await Promise.all([migrate(clickhouse), migrate(clickhouse)]);
    expect(one.length + two.length).toBeGreaterThanOrEqual(5);
    expect(await differences(clickhouse)).toEqual([]);
    expect(await clickhouse.query(states)).toEqual(before);
    await insert(clickhouse, 2);
    expect(await differences(clickhouse)).toEqual([]);
  });

  it('lose no good row to a bad one', async () => {
    const clickhouse = open();
    await migrate(clickhouse);
    const worker = 'w"\'\\\t\n\u0000\ud800é';
    const bad = [
      anAttempt({ taskId: 'skew', eventTime: now - hour, startedAt: now + hour }),
      anAttempt({ taskId: 'ahead', eventTime: now + hour, startedAt: now + hour, submittedAt: now + hour }),
      anAttempt({ taskId: 'ancient', eventTime: now - 200 * 24 * hour, startedAt: 0 }),
      anAttempt({ taskId: 'never', eventTime: Number.NaN, startedAt: -1, submittedAt: Number.MAX_SAFE_INTEGER }),
      anAttempt({
        taskId: 'long',
        eventTime: now,
        outcome: 'dead',
        errorCode: worker,
        errorMessage: 'x'.repeat(10 << 20),
      }),
    ];
    const good = anAttempt({ taskId: 'good', eventTime: now, startedAt: now });
    const lines = attemptRows(aBatch([...bad, good], { worker, stage: worker }), {
      partition: 0,
      offset: 0,
      timestampMs: now,
    });
    expect(lines.join('').length).toBeLessThan(20_000);
    const rows = Buffer.from(lines.join('\n'));
    await clickhouse.insert({ table: 'attempts', columns: attemptColumns, rows, token: 'bad' });
    const { rows: stored, differences: found } = await verifyRollUps(clickhouse, allTime);
    expect({ stored, found }).toEqual({ stored: 6, found: [] });
    const tasks = await clickhouse.query<{ task_id: string }>('SELECT task_id FROM tasks');
    expect(tasks).toHaveLength(6);
  });

  it('are kept as long as is said', async () => {
    const clickhouse = open();
    await migrate(clickhouse);
    const days = { attempts: 30, throughput_1m: 90, task_states: 30, group_lag: 30 };
    expect(await keepHistory(clickhouse, days)).toEqual(['attempts', 'throughput_1m', 'task_states']);
    expect(await keepHistory(clickhouse, days)).toEqual([]);
    await insert(clickhouse, 1);
    expect(await differences(clickhouse)).toEqual([]);
  });

  it('lose the rows past their time to live alone, and agree all the same', async () => {
    const clickhouse = open();
    await migrate(clickhouse);
    await keepHistory(clickhouse, { attempts: 7, task_states: 7 });
    const old = now - 20 * 24 * hour;
    const late = anAttempt({ taskId: 'late', eventTime: old, startedAt: old, submittedAt: old });
    await insert(clickhouse, 1, [late, ...history(1)]);
    for (const table of ['attempts', 'task_states']) await clickhouse.command(`OPTIMIZE TABLE ${table} FINAL`);
    const gone = await clickhouse.query("SELECT task_id FROM attempts WHERE task_id = 'late'");
    const { rows, differences: found } = await verifyRollUps(clickhouse, { ...allTime, fromMs: old - hour });
    expect({ gone, rows, found }).toEqual({ gone: [], rows: 500, found: [] });
  });

  it('give percentiles near the exact ones, over any span', async () => {
    const clickhouse = open();
    await migrate(clickhouse);
    await insert(clickhouse, 1, history(1, 3_000));
    const of = async (sql: string) => (await clickhouse.query<{ q: number[] }>(sql))[0]?.q.map(Number) ?? [];
    const exact = await of(
      "SELECT quantilesExact(0.5, 0.9, 0.95, 0.99)(run_ms) AS q FROM attempts WHERE outcome = 'ok'",
    );
    for (const table of ['throughput_1m', 'throughput_1h', 'throughput_1d']) {
      const merged = await of(
        `SELECT quantilesTDigestMerge(0.5, 0.9, 0.95, 0.99)(run) AS q FROM ${table} WHERE outcome = 'ok'`,
      );
      merged.forEach((value, index) => {
        expect(Math.abs(value - (exact[index] ?? 0)) / 3_000, `${table} ${index}`).toBeLessThan(0.02);
      });
    }
  });
});
