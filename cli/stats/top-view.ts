import type { Query, Row } from '../../gateway/history/queries.ts';
import type { Backlog } from '../../gateway/stats/lag-trend.ts';
import { type Cell, textTable } from '../text-table.ts';

/** Ends a second over 5 s, 1 min and 5 min. */
export type Rates = readonly [number, number, number];

export interface TopLine {
  readonly pipeline: string;
  readonly stage: string;
  readonly ok: Rates;
  readonly failed: Rates;
  /** ms over the last minute; null: nothing ran. */
  readonly runP50: number | null;
  readonly runP95: number | null;
  readonly backlog: Backlog | null;
  readonly inFlight: number | null;
  readonly workers: number | null;
}

const spansSeconds = [5, 60, 300] as const;
/** Rows of the newest two seconds are still on their way. */
const settlingSeconds = 2;

export function topQuery(nowMs: number): Query {
  const to = Math.floor(nowMs / 1_000) - settlingSeconds;
  const columns = spansSeconds.flatMap((seconds) => {
    const within = `t >= toDateTime({to: UInt32} - ${seconds})`;
    return [
      `sumIf(tasks, outcome = 'ok' AND ${within}) AS ok_${seconds}`,
      `sumIf(tasks, outcome IN ('retry', 'dead') AND ${within}) AS failed_${seconds}`,
    ];
  });
  return {
    sql: `SELECT pipeline, stage, ${columns.join(', ')},
  quantilesTDigestMergeIf(0.5, 0.9, 0.95, 0.99)(run, outcome IN ('ok', 'retry', 'dead') AND t >= toDateTime({to: UInt32} - 60)) AS run
FROM throughput_1s
WHERE t >= toDateTime({to: UInt32} - 300) AND t < toDateTime({to: UInt32})
GROUP BY pipeline, stage
ORDER BY pipeline, stage`,
    params: { to },
  };
}

export type Load = Pick<TopLine, 'backlog' | 'inFlight' | 'workers'>;

/** One line for each stage that is known or that something ran in. */
export function topLines(
  known: readonly { readonly pipeline: string; readonly stage: string }[],
  rows: readonly Row[],
  loadOf: (pipeline: string, stage: string) => Load,
): TopLine[] {
  const found = rows.map((row) => ({ pipeline: String(row.pipeline), stage: String(row.stage) }));
  const isNew = ({ pipeline, stage }: { pipeline: string; stage: string }): boolean =>
    !known.some((each) => each.pipeline === pipeline && each.stage === stage);
  return [...known, ...found.filter(isNew)].map(({ pipeline, stage }) => {
    const row = rows.find((each) => each.pipeline === pipeline && each.stage === stage);
    return { pipeline, stage, ...figures(row), ...loadOf(pipeline, stage) };
  });
}

function figures(row: Row | undefined): Pick<TopLine, 'ok' | 'failed' | 'runP50' | 'runP95'> {
  const rate = (name: string, seconds: number): number => Number(row?.[`${name}_${seconds}`] ?? 0) / seconds;
  const rates = (name: string): Rates => [rate(name, 5), rate(name, 60), rate(name, 300)];
  const levels: unknown = row?.run;
  const level = (at: number): number | null => {
    const value: unknown = Array.isArray(levels) ? levels[at] : null;
    return typeof value === 'number' && Number.isFinite(value) ? value : null;
  };
  return { ok: rates('ok'), failed: rates('failed'), runP50: level(0), runP95: level(2) };
}

/** What a narrow terminal may cut off stands last. */
const head = ['stage', 'lag', 'ETA', 'in flight', 'in/s', 'ok/s 5s', '1m', '5m', 'fail/s 5s', '1m', '5m', 'p50', 'p95'];

export function describeTop(lines: readonly TopLine[]): string {
  if (lines.length === 0) return 'no stage is known';
  return textTable(head, lines.map(describeLine));
}

function describeLine(line: TopLine): Cell[] {
  const { ok, failed, runP50, runP95, backlog, inFlight } = line;
  return [
    `${line.pipeline}.${line.stage}`,
    backlog === null ? '–' : backlog.lag.toLocaleString('en-US'),
    backlog === null ? '–' : describeEta(backlog),
    inFlight === null ? '–' : String(inFlight),
    describeRate(backlog?.inPerSecond ?? null),
    ...ok.map(describeRate),
    ...failed.map(describeRate),
    ...[runP50, runP95].map((ms) => (ms === null ? '–' : describeSpan(ms))),
  ];
}

function describeRate(rate: number | null): string {
  if (rate === null) return '–';
  if (rate === 0) return '0';
  if (rate < 0.1) return '<0.1';
  return rate < 10 ? rate.toFixed(1) : Math.round(rate).toLocaleString('en-US');
}

export function describeEta({ trend, etaMs }: Backlog): string {
  return etaMs !== null && trend === 'draining' ? describeSpan(etaMs) : trend;
}

export function describeSpan(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 100_000) return `${(ms / 1_000).toFixed(1)} s`;
  if (ms < 5_400_000) return `${Math.round(ms / 60_000)} min`;
  return ms < 172_800_000 ? `${Math.round(ms / 3_600_000)} h` : `${Math.round(ms / 86_400_000)} d`;
}
