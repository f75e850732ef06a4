/** Of several pairs measured in turn: ours beside the baseline, so that a slow minute of the machine meets both. */
export interface Pair {
  readonly ours: number;
  readonly baseline: number;
}

const show = (value: number): string => value.toFixed(value < 10 ? 2 : 0);

function spread(values: readonly number[]): string {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number): string => show(sorted[Math.round(share * (sorted.length - 1))] ?? Number.NaN);
  return `${at(0)} / ${at(0.5)} / ${at(1)}`;
}

/** Rates, larger is better: minimum, median and maximum of ours, of the baseline, and of ours ÷ baseline pair by pair. */
export function describeRates(what: string, unit: string, target: number, pairs: readonly Pair[]): string {
  return [
    `${what} (${pairs.length} pairs; minimum / median / maximum)`,
    `  penstock   ${spread(pairs.map(({ ours }) => ours))} ${unit}`,
    `  baseline   ${spread(pairs.map(({ baseline }) => baseline))} ${unit}`,
    `  ratio      ${spread(pairs.map(({ ours, baseline }) => ours / baseline))}   (target ≥ ${target})`,
  ].join('\n');
}
