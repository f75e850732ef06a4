import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { replicatedDdl, replicatedFiles } from '../../deploy/clickhouse/replicated-ddl.ts';
import { attemptColumns, attemptRows } from '../../processors/sinks/attempt-row.ts';
import { type ClickHouse, connectClickHouse } from '../../processors/sinks/clickhouse.ts';
import { migrate } from '../../processors/sinks/migrate.ts';
import { aBatch, anAttempt } from '../processors/sinks/attempts.ts';

interface Panel {
  readonly title: string;
  readonly targets: readonly { readonly rawSql: string }[];
}
interface Dashboard {
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly query: string }[] };
}

const database = `graf${randomUUID().slice(0, 8)}`;
const folder = new URL('../../deploy/grafana/dashboards/', import.meta.url);
const dashboards = readdirSync(folder).map((name): [string, Dashboard] => [
  name,
  JSON.parse(readFileSync(new URL(name, folder), 'utf8')),
]);
let clickhouse: ClickHouse;

beforeAll(async () => {
  const config = { url: inject('stack').clickhouseUrl, user: 'default', password: '', database };
  clickhouse = connectClickHouse(config);
  await migrate(clickhouse);
  const now = Date.now();
  const attempts = [
    anAttempt({ eventTime: now, startedAt: now, runMs: 5, bytesIn: 9 }),
    anAttempt({ eventTime: now, startedAt: now, outcome: 'dead', errorCode: 'PIPE_X', errorFingerprint: 'f' }),
  ];
  const rows = attemptRows(aBatch(attempts), { partition: 0, offset: 0, timestampMs: now }).join('\n');
  await clickhouse.insert({ table: 'attempts', columns: attemptColumns, rows: Buffer.from(rows), token: 'x' });
  await clickhouse.command(
    "INSERT INTO group_lag SELECT now64(3) - number, 'p.s', 'p.s', 0, 10 - number, 12, 2 + number, 'w' FROM numbers(2)",
  );
  await clickhouse.command(
    "INSERT INTO workers (t, worker, pipeline, stage, in_flight) SELECT now64(3), 'w', 'p', 's', 3",
  );
});
afterAll(() => clickhouse.close());

/** What Grafana and its ClickHouse plugin make of a panel's SQL. */
const filled = (sql: string): string =>
  sql
    .replaceAll('penstock.', `${database}.`)
    .replaceAll(/\$__timeInterval\(([\w.]+)\)/g, 'toStartOfInterval(toDateTime($1), INTERVAL 60 second)')
    .replaceAll(/\$__timeFilter\(([\w.]+)\)/g, '$1 >= now() - INTERVAL 1 HOUR AND $1 <= now() + INTERVAL 1 MINUTE')
    .replaceAll('$__interval_s', '60')
    .replaceAll('$' + '{stage:singlequote}', "'s','other'")
    .replaceAll('$pipeline', 'p');

describe('Grafana dashboards', () => {
  it.each(dashboards)(
    '%s: every panel and variable runs and shows something',
    async (_name, { panels, templating }) => {
      for (const { title, targets } of panels) {
        for (const { rawSql } of targets) {
          const rows = await clickhouse.query(filled(rawSql));
          expect(rows.length, `${title}: ${rawSql}`).toBeGreaterThan(0);
          expect(filled(rawSql), title).not.toMatch(/\$/);
        }
      }
      for (const { query, name } of templating.list) {
        expect((await clickhouse.query(filled(query))).length, name).toBeGreaterThan(0);
      }
    },
  );
});

describe('the schema for a cluster', () => {
  const target = new URL('../../deploy/clickhouse/cluster/', import.meta.url);

  it('is what npm run gen:replicated writes', () => {
    const files = replicatedFiles();
    expect(readdirSync(target).sort()).toEqual([...files.keys()]);
    for (const [name, text] of files) expect(readFileSync(new URL(name, target), 'utf8'), name).toBe(text);
  });

  it('makes every table replicated and every statement of DDL go to all servers', async () => {
    for (const [name, text] of replicatedFiles()) {
      for (const statement of text.split(/;\n/)) {
        const code = statement.replaceAll(/^--.*\n/gm, '').trim();
        if (/^(?:CREATE|ALTER)/.test(code)) expect(code, name).toContain("ON CLUSTER '{cluster}'");
        expect(code, name).not.toMatch(/ENGINE = (?!Replicated)\w*MergeTree/);
        expect(code, name).not.toContain('non_replicated');
        if (code !== '') await clickhouse.query(`SELECT formatQuery({sql: String}) AS parsed`, { sql: code });
      }
    }
    expect(replicatedDdl('CREATE TABLE IF NOT EXISTS a (x Int8)\nENGINE = MergeTree ORDER BY x;')).toContain(
      "ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}')",
    );
  });
});

it('the alert rules are over metrics that the gateway has', async () => {
  const rules = readFileSync(new URL('../../deploy/prometheus/alerts.yaml', import.meta.url), 'utf8');
  const used = new Set(
    [...rules.matchAll(/penstock_[a-z_]+/g)].map(([name]) => name.replace(/_(?:count|bucket)$/, '')),
  );
  const known = ['gateway/plugins/metrics.ts', 'gateway/stats/load-metrics.ts']
    .map((path) => readFileSync(path, 'utf8'))
    .join('\n');
  for (const name of used) expect(known, name).toContain(`'${name}'`);
  expect(used.size).toBeGreaterThan(4);
});
