import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Query, taskQuery, tasksQuery, timelineQuery } from '../../../gateway/history/queries.ts';
import { errorsQuery } from '../../../gateway/stats/error-groups.ts';
import { flowQuery } from '../../../gateway/stats/flow.ts';
import { lagQuery } from '../../../gateway/stats/lag-history.ts';
import { ratesQuery } from '../../../gateway/stats/lag-trend.ts';
import { latencyQuery } from '../../../gateway/stats/latency.ts';
import { readWindow } from '../../../gateway/stats/stats-window.ts';
import { throughputQuery } from '../../../gateway/stats/throughput.ts';
import { workersQuery } from '../../../gateway/stats/workers.ts';
import { type ClickHouse, connectClickHouse } from '../../../processors/sinks/clickhouse.ts';
import { migrate } from '../../../processors/sinks/migrate.ts';
import { startClickHouseProcess } from '../../deploy/clickhouse-process.ts';
import type { BenchOptions, Measure, Report } from '../report.ts';
import { fill, fillSamples } from './fill.ts';
import { measureFreshness } from './freshness.ts';
import { measureSink } from './sink-rate.ts';

const looks = 7;

/** The statistics on chdb: how fast they are fed, how soon they show, how long each chart takes on ten million attempts. */
export async function benchStats({ quick }: BenchOptions): Promise<Report> {
  const dataDir = await mkdtemp(join(tmpdir(), 'penstock-bench-'));
  const server = await startClickHouseProcess(dataDir);
  const open = (database: string): ClickHouse =>
    connectClickHouse({ url: server.url, user: 'default', password: '', database }, { requestTimeoutMs: 300_000 });
  const clickhouses = ['rate', 'bare', 'fresh', 'large'].map(open);
  const [rate, bare, fresh, large] = clickhouses;
  if (!rate || !bare || !fresh || !large) throw new Error('no connection');
  try {
    for (const each of clickhouses) await migrate(each);
    const sink = await measureSink(rate, bare, quick ? 100_000 : 300_000);
    const freshness = await measureFreshness(fresh, quick ? 5_000 : 20_000);
    const attempts = quick ? 1_000_000 : 10_000_000;
    await fill(large, attempts);
    await fillSamples(large);
    const measures = [...sink, ...freshness, ...(await measureQueries(large))];
    return { title: `Statistics on chdb, ${attempts.toLocaleString('en-US')} attempts`, measures };
  } finally {
    await Promise.all(clickhouses.map((each) => each.close()));
    await server.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function measureQueries(clickhouse: ClickHouse): Promise<Measure[]> {
  const now = Date.now();
  const [someone] = await clickhouse.query<{ id: string }>('SELECT task_id AS id FROM attempts LIMIT 1 OFFSET 123456');
  const id = someone?.id ?? '';
  const over = (window: string, step: string) => ({ pipeline: 'assets', window: readWindow({ window, step }, now) });
  const chart = (window: string, step: string): Query => throughputQuery(over(window, step));
  const charts: readonly (readonly [string, Query, number])[] = [
    ['60 s by second', chart('60s', '1s'), 200],
    ['60 min by minute', chart('60m', '1m'), 200],
    ['24 h by hour', chart('24h', '1h'), 200],
    ['10 d by day', chart('10d', '1d'), 200],
    ['heat map, 60 min by minute', latencyQuery(over('60m', '1m')), 200],
    ['heat map, 10 d by hour', latencyQuery(over('10d', '1h')), 200],
    ['a tenant, 60 min by minute', throughputQuery({ ...over('60m', '1m'), tenant: 'acme' }), 200],
    [
      'ways between stages, an hour',
      flowQuery({ pipeline: 'assets', tenant: undefined, windowMs: 3_600_000, nowMs: now }),
      200,
    ],
    [
      'ways between stages, a day',
      flowQuery({ pipeline: 'assets', tenant: undefined, windowMs: 86_400_000, nowMs: now }),
      200,
    ],
    ['lag of a day', lagQuery({ ...over('24h', '10m'), stages: ['download', 'transform', 'upload'] }), 200],
    ['errors of a day', errorsQuery({ window: readWindow({ window: '24h', step: '10m' }, now), limit: 50 }), 200],
    ['workers', workersQuery(900_000, now), 200],
    ['rates for the end in sight', ratesQuery(now), 200],
    ['newest hundred tasks of an hour', tasksQuery({ scope: {}, limit: 100, since: now - 3_600_000 }), 200],
    ['dead tasks of an hour', tasksQuery({ scope: {}, limit: 100, state: 'dead', since: now - 3_600_000 }), 200],
    ['a task by id', taskQuery(id, {}), 50],
    ['its timeline', timelineQuery(id, {}), 50],
  ];
  const measures: Measure[] = [];
  for (const [what, { sql, params }, atMost] of charts) {
    const values: number[] = [];
    await clickhouse.query(sql, params);
    for (let look = 0; look < looks; look += 1) {
      const startedMs = performance.now();
      await clickhouse.query(sql, params);
      values.push(performance.now() - startedMs);
    }
    measures.push({ what, unit: 'ms', values, target: { atMost } });
  }
  return measures;
}
