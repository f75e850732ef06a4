import { cpus, loadavg } from 'node:os';

/** One quantity, measured once or several times. */
export interface Measure {
  readonly what: string;
  readonly unit: string;
  readonly values: readonly number[];
  /** Judged by the median. */
  readonly target?: { readonly atLeast: number } | { readonly atMost: number };
}

export interface Report {
  readonly title: string;
  readonly measures: readonly Measure[];
  readonly notes?: readonly string[];
}

/** What a benchmark is asked for: shorter, and so less sure. */
export interface BenchOptions {
  readonly quick: boolean;
}

/** Of several rounds measured in turn: ours beside the baseline, so that a slow minute of the machine meets both. */
export interface Pair {
  readonly ours: number;
  readonly baseline: number;
}

export const ratiosOf = (pairs: readonly Pair[]): number[] => pairs.map(({ ours, baseline }) => ours / baseline);

/** Rates, larger is better: ours, the baseline, and ours ÷ baseline pair by pair. */
export function rateMeasures(unit: string, target: number, pairs: readonly Pair[]): Measure[] {
  return [
    { what: 'penstock', unit, values: pairs.map(({ ours }) => ours) },
    { what: 'baseline', unit, values: pairs.map(({ baseline }) => baseline) },
    { what: 'ratio', unit: '', values: ratiosOf(pairs), target: { atLeast: target } },
  ];
}

interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.round(share * (sorted.length - 1))] ?? Number.NaN;
  return { min: at(0), median: at(0.5), max: at(1) };
}

const show = (value: number): string => value.toFixed(value < 2 ? 3 : value < 100 ? 1 : 0);

function isMet({ values, target }: Measure): boolean | undefined {
  if (target === undefined) return undefined;
  const { median } = spreadOf(values);
  return 'atLeast' in target ? median >= target.atLeast : median <= target.atMost;
}

function lineOf(measure: Measure, width: number): string {
  const { what, unit, values, target } = measure;
  const { min, median, max } = spreadOf(values);
  const figures = values.length === 1 ? show(median) : [min, median, max].map(show).join(' / ');
  const line = `  ${what.padEnd(width)}   ${figures} ${unit}`.trimEnd();
  if (target === undefined) return line;
  const wanted = 'atLeast' in target ? `≥ ${target.atLeast}` : `≤ ${target.atMost}`;
  return `${line}   (target ${wanted}: ${isMet(measure) ? 'met' : 'MISSED'})`;
}

export function describeReport({ title, measures, notes = [] }: Report, foreignCores?: number): string {
  const rounds = Math.max(...measures.map(({ values }) => values.length));
  const width = Math.max(...measures.map(({ what }) => what.length));
  const head = rounds === 1 ? title : `${title} (${rounds} rounds; minimum / median / maximum)`;
  const busy =
    foreignCores === undefined
      ? []
      : [`other processes kept ${foreignCores.toFixed(1)} of ${cpus().length} cores busy`];
  const lines = measures.map((measure) => lineOf(measure, width));
  return [head, ...lines, ...[...notes, ...busy].map((note) => `  ${note}`)].join('\n');
}

/** The same for machines: every value, and what became of the target. */
export function reportAsJson(name: string, { title, measures, notes = [] }: Report, foreignCores?: number) {
  const machine = { cores: cpus().length, node: process.version, load: loadavg(), foreignCores };
  const results = measures.map((measure) => ({ ...measure, ...spreadOf(measure.values), met: isMet(measure) }));
  return { name, title, machine, results, notes };
}

/** Smallest value that at least such a share of all are not above. */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}
