import { attemptColumns, attemptRows } from '../../../processors/sinks/attempt-row.ts';
import type { ClickHouse } from '../../../processors/sinks/clickhouse.ts';
import { rollUps } from '../../../processors/stats/roll-ups.ts';
import type { Attempt } from '../../../schemas/generated/attempt-batch.ts';
import { until } from '../../helpers/until.ts';
import { aBatch, anAttempt } from '../../processors/sinks/attempts.ts';
import type { Measure } from '../report.ts';
import { startMemoryFeed } from './memory-feed.ts';

const perRecord = 500;
const perInsert = 10_000;

const attemptsFrom = (from: number, count: number): Attempt[] => {
  const now = Date.now();
  return Array.from({ length: count }, (_, index) =>
    anAttempt({
      ...{ taskId: `task-${from + index}`, eventTime: now, startedAt: now - 5, submittedAt: now - 50 },
      ...{ queueMs: index % 1_000, runMs: index % 300, bytesIn: 300, bytesOut: 200, offset: from + index },
    }),
  );
};

/** Attempts a second through the sink into the raw table and all roll-ups, beside bare inserts without roll-ups. */
export async function measureSink(clickhouse: ClickHouse, bare: ClickHouse, count: number): Promise<Measure[]> {
  const feed = await startMemoryFeed(clickhouse);
  for (let from = 0; from < count; from += perRecord) await feed.send(attemptsFrom(from, perRecord));
  const startedMs = performance.now();
  const before = feed.sink.stats().rows;
  await until('all rows', () => (feed.sink.stats().rows >= count ? true : undefined), 120_000);
  const ours = ((count - before) / (performance.now() - startedMs)) * 1_000;
  await feed.stop();
  for (const { table } of rollUps) await bare.command(`DROP TABLE ${table}_feed SYNC`);
  return [
    { what: 'sink into raw rows and roll-ups', unit: 'attempts/s', values: [ours], target: { atLeast: 40_000 } },
    { what: 'bare inserts, no roll-ups', unit: 'attempts/s', values: [await bareRate(bare, count)] },
  ];
}

async function bareRate(clickhouse: ClickHouse, count: number): Promise<number> {
  const place = { partition: 0, timestampMs: Date.now() };
  const bodies: Buffer[] = [];
  for (let from = 0; from < count; from += perInsert) {
    const lines = attemptRows(aBatch(attemptsFrom(from, perInsert)), { ...place, offset: from });
    bodies.push(Buffer.from(lines.join('\n')));
  }
  const startedMs = performance.now();
  for (const [index, rows] of bodies.entries()) {
    await clickhouse.insert({ table: 'attempts', columns: attemptColumns, rows, token: `bare${index}` });
  }
  return (count / (performance.now() - startedMs)) * 1_000;
}
