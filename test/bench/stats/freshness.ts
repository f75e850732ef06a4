import { setTimeout as delay } from 'node:timers/promises';
import { shareReads } from '../../../gateway/stats/shared-reader.ts';
import { readWindow } from '../../../gateway/stats/stats-window.ts';
import { throughputQuery } from '../../../gateway/stats/throughput.ts';
import type { ClickHouse } from '../../../processors/sinks/clickhouse.ts';
import { anAttempt } from '../../processors/sinks/attempts.ts';
import { type Measure, percentile } from '../report.ts';
import { startMemoryFeed } from './memory-feed.ts';

const perSecond = 500;
const everyMs = 20;
const lookEveryMs = 50;

/** At 500 attempts a second: from the end of an attempt until the answer of the stats API counts it, cache included. */
export async function measureFreshness(clickhouse: ClickHouse, forMs: number): Promise<Measure[]> {
  const feed = await startMemoryFeed(clickhouse);
  const read = shareReads((query) => clickhouse.query(query.sql, query.params));
  const sentAtMs: number[] = [];
  const lateMs: number[] = [];
  const startedMs = performance.now();
  let isOver = false;
  const sending = (async () => {
    while (performance.now() - startedMs < forMs) {
      const now = Date.now();
      const due = Math.round(((performance.now() - startedMs) * perSecond) / 1_000) - sentAtMs.length;
      const attempts = Array.from({ length: Math.max(0, due) }, (_, index) =>
        anAttempt({ taskId: `t${sentAtMs.length + index}`, eventTime: now, startedAt: now, submittedAt: now }),
      );
      if (attempts.length > 0) await feed.send(attempts);
      for (const _ of attempts) sentAtMs.push(performance.now());
      await delay(everyMs);
    }
    isOver = true;
  })();
  while (!isOver || lateMs.length < sentAtMs.length) {
    const rows = await read(
      throughputQuery({ pipeline: 'assets', window: readWindow({ window: '5m', step: '1m' }, Date.now()) }),
    );
    const seen = Number(rows.find(({ bucket }) => Number(bucket) === 0)?.ok ?? 0);
    const now = performance.now();
    while (lateMs.length < seen) lateMs.push(now - (sentAtMs[lateMs.length] ?? now));
    await delay(lookEveryMs);
  }
  await sending;
  await feed.stop();
  return [
    {
      what: 'end of an attempt to the stats API, p99',
      unit: 'ms',
      values: [
        percentile(
          lateMs.sort((a, b) => a - b),
          0.99,
        ),
      ],
      target: { atMost: 2_000 },
    },
  ];
}
