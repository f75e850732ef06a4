import { readWindow } from '../../gateway/stats/stats-window.ts';
import { type StageTotals, type Throughput, throughputOf, throughputQuery } from '../../gateway/stats/throughput.ts';
import type { ClickHouse } from '../../processors/sinks/clickhouse.ts';
import { textTable } from '../text-table.ts';
import { describeSpan } from './top-view.ts';

export async function readThroughput(
  clickhouse: Pick<ClickHouse, 'query'>,
  pipeline: string,
  window: string,
): Promise<Throughput> {
  const question = { pipeline, window: readWindow({ window }, Date.now()) };
  const { sql, params } = throughputQuery(question);
  return throughputOf(question, [], await clickhouse.query<Readonly<Record<string, unknown>>>(sql, params));
}

const head = [
  'stage',
  'accepted',
  'ok',
  'ok/s',
  'retried',
  'dead',
  'other',
  'run p50',
  'p95',
  'p99',
  'wait p50',
  'p95',
];

export function describeThroughput({ totals, from, to }: Throughput): string {
  if (totals.length === 0) return 'nothing happened in this window';
  const seconds = (to - from) / 1_000;
  return textTable(
    head,
    totals.map((each) => describeStage(each, seconds)),
  );
}

function describeStage(totals: StageTotals, seconds: number): (string | number)[] {
  const { stage, accepted, ok, retry, dead, expired, cancelled, skipped, run, wait } = totals;
  const span = (ms: number | null): string => (ms === null ? '–' : describeSpan(ms));
  return [
    ...[stage, accepted, ok, (ok / seconds).toFixed(1), retry, dead, expired + cancelled + skipped],
    ...[span(run.p50), span(run.p95), span(run.p99), span(wait.p50), span(wait.p95)],
  ];
}
