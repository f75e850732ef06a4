import type { Query, Row } from '../history/queries.ts';

/** How a backlog moves. `unknown`: too few samples of the last minutes. */
export type Trend = 'idle' | 'draining' | 'growing' | 'stalled' | 'unknown';

export interface Backlog {
  readonly lag: number;
  /** Records a second that came in and that were committed, over the last minute or so; null: unknown. */
  readonly inPerSecond: number | null;
  readonly outPerSecond: number | null;
  readonly trend: Trend;
  /** ms until nothing is left at this pace; null where there is no end in sight. */
  readonly etaMs: number | null;
}

export interface Rates {
  readonly inPerSecond: number;
  readonly outPerSecond: number;
}

/** Below this the pace is noise: a record in ten seconds. */
const leastRate = 0.1;

export function backlogOf(lag: number, rates: Rates | undefined): Backlog {
  if (!rates)
    return {
      lag,
      inPerSecond: null,
      outPerSecond: null,
      trend: lag === 0 ? 'idle' : 'unknown',
      etaMs: lag === 0 ? 0 : null,
    };
  const { inPerSecond, outPerSecond } = rates;
  const net = outPerSecond - inPerSecond;
  if (lag === 0) return { lag, inPerSecond, outPerSecond, trend: 'idle', etaMs: 0 };
  if (net >= leastRate) {
    return { lag, inPerSecond, outPerSecond, trend: 'draining', etaMs: Math.round((lag / net) * 1_000) };
  }
  const trend = net <= -leastRate ? 'growing' : 'stalled';
  return { lag, inPerSecond, outPerSecond, trend, etaMs: null };
}

const ratesWindowMs = 90_000;

/** First and last sample of each partition of the last minute and a half. */
export function ratesQuery(nowMs: number): Query {
  return {
    sql: `SELECT topic, partition,
  greatest(toInt64(argMax(committed, t)) - toInt64(argMin(committed, t)), 0) AS out_records,
  greatest(toInt64(argMax(end_offset, t)) - toInt64(argMin(end_offset, t)), 0) AS in_records,
  toUnixTimestamp64Milli(max(t)) - toUnixTimestamp64Milli(min(t)) AS span_ms
FROM group_lag
WHERE t >= fromUnixTimestamp64Milli({from: Int64})
GROUP BY topic, partition
HAVING span_ms >= 4000`,
    params: { from: Math.floor((nowMs - ratesWindowMs) / 1_000) * 1_000 },
  };
}

/** By topic, over its partitions. */
export function ratesByTopic(rows: readonly Row[]): ReadonlyMap<string, Rates> {
  const rates = new Map<string, Rates>();
  for (const row of rows) {
    const seconds = Number(row.span_ms) / 1_000;
    const before = rates.get(String(row.topic)) ?? { inPerSecond: 0, outPerSecond: 0 };
    rates.set(String(row.topic), {
      inPerSecond: rounded(before.inPerSecond + Number(row.in_records) / seconds),
      outPerSecond: rounded(before.outPerSecond + Number(row.out_records) / seconds),
    });
  }
  return rates;
}

const rounded = (rate: number): number => Math.round(rate * 1_000) / 1_000;
