export interface SparklineProps {
  readonly values: readonly number[];
  readonly label: string;
  /** Of the palette. */
  readonly colour: string;
}

const width = 120;
const height = 24;

/** The shape of the last minutes; its scale is its own, from zero to its highest. */
export function Sparkline({ values, label, colour }: SparklineProps) {
  const highest = Math.max(1e-9, ...values);
  const x = (index: number): number => (index / Math.max(1, values.length - 1)) * width;
  const y = (value: number): number => height - 1.5 - (value / highest) * (height - 4);
  const line = values.map((value, index) => `${x(index).toFixed(1)},${y(value).toFixed(1)}`).join(' ');
  return (
    <svg
      class={`spark ink-${colour}`}
      viewBox={`0 0 ${width} ${height}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      {values.length > 1 && <polygon points={`0,${height} ${line} ${width},${height}`} />}
      {values.length > 1 && <polyline points={line} />}
    </svg>
  );
}
