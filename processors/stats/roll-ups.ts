/** A table that is fed from `attempts` by the materialized view `<table>_feed`. */
export interface RollUp {
  readonly table: string;
  /** Its column that says when; buckets are at least that long. */
  readonly time: string;
  readonly bucketSeconds: number;
  /** Columns that, with the time, name one of its rows. */
  readonly keys: readonly string[];
  /** What must agree with the raw rows; each reads rows of the table and rows of its feed alike. */
  readonly measures: Readonly<Record<string, string>>;
}

const throughputMeasures = { tasks: 'sum(tasks)', bytes: 'sum(bytes)', bytes_out: 'sum(bytes_out)' };
const throughput = (suffix: string, bucketSeconds: number): RollUp => ({
  table: `throughput_${suffix}`,
  time: 't',
  bucketSeconds,
  keys: ['pipeline', 'stage', 'outcome'],
  measures: throughputMeasures,
});

export const hourMs = 3_600_000;
export const dayMs = 24 * hourMs;
const hourSeconds = 3_600;
const daySeconds = 86_400;

export const rollUps: readonly RollUp[] = [
  throughput('1s', 1),
  throughput('1m', 60),
  throughput('1h', hourSeconds),
  throughput('1d', daySeconds),
  {
    table: 'errors_1m',
    time: 't',
    bucketSeconds: 60,
    keys: ['pipeline', 'stage', 'error_code', 'error_fingerprint'],
    measures: { errors: 'sum(errors)', dead: 'sum(dead)' },
  },
  {
    table: 'task_states',
    time: 'submitted_at',
    bucketSeconds: hourSeconds,
    keys: ['pipeline'],
    measures: { tasks: 'uniqExact(task_id, submitted_at)', attempts: 'sum(attempts)' },
  },
];

/** Epoch ms; the end is not in it. */
export interface TimeRange {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Roll-ups are compared and made again by hours at least. */
export const stepMsOf = (bucketSeconds: number): number => Math.max(bucketSeconds * 1_000, hourMs);

/** What a range means for a roll-up: whole buckets, and hours at least. `outward`: all that it touches, else all that it holds. */
export function alignRange({ fromMs, toMs }: TimeRange, bucketSeconds: number, outward: boolean): TimeRange {
  const stepMs = stepMsOf(bucketSeconds);
  const down = (ms: number): number => Math.floor(ms / stepMs) * stepMs;
  const up = (ms: number): number => Math.ceil(ms / stepMs) * stepMs;
  return { fromMs: down(fromMs), toMs: outward ? up(toMs) : down(toMs) };
}

/** The feed's own SELECT over a part of the raw rows, each once. Throws where it reads anything but attempts. */
export function feedOver(asSelect: string, where: string): string {
  const source = /\bFROM\s+(?:`[^`]+`|\w+)\.attempts\b/g;
  if (asSelect.match(source)?.length !== 1) throw new Error('the feed does not read attempts exactly once');
  return asSelect.replace(source, (from) => `FROM (SELECT * ${from} FINAL WHERE ${where}) AS attempts`);
}

/** Condition on the raw rows that may feed the range. Of a task's, all may that are no older than its submission, give or take a wrong clock. */
export const rawRowsOf = (time: string, from: string, to: string): string =>
  time === 't' ? `event_time >= ${from} AND event_time < ${to}` : `event_time >= ${from} - INTERVAL 1 DAY`;

/** In days, as SHOW CREATE TABLE has it; undefined: kept for good. */
export function keptDays(createTable: string): number | undefined {
  const days = /\bTTL\b[^\n]*?(?:toIntervalDay\((\d+)\)|INTERVAL (\d+) DAY)/.exec(createTable);
  return days === null ? undefined : Number(days[1] ?? days[2]);
}
