import { useEffect, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import { formatMark, formatMoment, none, rounded } from '../lib/format.ts';
import { colour } from '../lib/palette.ts';
import { shownTheme, zone } from '../lib/settings.ts';
import { markStepsMs, timeMarks } from '../lib/time-marks.ts';

export interface ChartLine {
  readonly label: string;
  /** Of the palette. */
  readonly colour: string;
  readonly values: readonly (number | null)[];
  readonly isDashed?: boolean;
}

export interface TimeAxis {
  /** Start of each bucket, epoch ms. */
  readonly t: readonly number[];
  readonly stepMs: number;
  /** From here on buckets are not complete; null or absent: all are. */
  readonly partialSince?: number | null;
}

export interface TimeChartProps {
  /** What it shows, for who cannot see it. */
  readonly title: string;
  readonly data: TimeAxis;
  readonly lines: readonly ChartLine[];
  readonly format: (value: number | null) => string;
  readonly height?: number;
  /** Areas on top of one another. */
  readonly isStacked?: boolean;
  readonly isLogarithmic?: boolean;
  /** Charts of one name share their cursor. */
  readonly sync?: string;
  /** Told what was brushed, epoch ms. */
  readonly onZoom?: (fromMs: number, toMs: number) => void;
}

const defaultHeight = 220;
/** Room for half a mark of the time axis. */
export const chartRightPadding = 28;

/** Lines over time, with the values at the cursor (else the last complete ones) in a legend of fixed height. */
export function TimeChart(props: TimeChartProps) {
  const { lines, height = defaultHeight, format, title } = props;
  const { t, stepMs, partialSince = null } = props.data;
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const latest = useRef(props);
  latest.current = props;
  const [pointed, setPointed] = useState<number | null>(null);
  const shape = JSON.stringify([
    lines.map(({ label, colour, isDashed }) => [label, colour, isDashed]),
    [height, props.isStacked, props.isLogarithmic, props.sync, shownTheme.value, zone.value],
  ]);
  useEffect(() => {
    if (!host.current) return;
    const made = new uPlot(
      optionsOf(latest, host.current.clientWidth, setPointed),
      dataOf(latest.current),
      host.current,
    );
    plot.current = made;
    const sizes = new ResizeObserver(([entry]) => {
      if (entry) made.setSize({ width: Math.floor(entry.contentRect.width), height });
    });
    sizes.observe(host.current);
    return () => {
      sizes.disconnect();
      made.destroy();
      plot.current = undefined;
    };
  }, [shape]);
  useEffect(() => plot.current?.setData(dataOf(latest.current)), [t, lines, partialSince]);
  const at = pointed ?? lastTold(lines, lastCompleteIndex(t, partialSince));
  return (
    <figure class="chart">
      <div class="chart-plot" ref={host} style={{ height: `${height}px` }} role="img" aria-label={title} />
      <figcaption class="legend">
        <span class="num">{t[at] === undefined ? none : formatMoment(t[at], stepMs * t.length, zone.value)}</span>
        {lines.map((line) => (
          <span class="legend-item clip" key={line.label}>
            <i class={`swatch ink-${line.colour}`} />
            {line.label} <b class="num">{format(line.values[at] ?? null)}</b>
          </span>
        ))}
      </figcaption>
    </figure>
  );
}

export function lastCompleteIndex(t: readonly number[], partialSince: number | null): number {
  if (partialSince === null) return t.length - 1;
  const first = t.findIndex((ms) => ms >= partialSince);
  return Math.max(0, first - 1);
}

/** The newest bucket of which there is anything to tell. */
function lastTold(lines: readonly ChartLine[], last: number): number {
  for (let index = last; index > 0; index -= 1) {
    if (lines.some(({ values }) => (values[index] ?? null) !== null)) return index;
  }
  return last;
}

type Latest = { readonly current: TimeChartProps };

/** Stacked areas are sums from the bottom up; the last line is drawn first, behind the others. */
function dataOf({ data: { t }, lines, isStacked = false }: TimeChartProps): uPlot.AlignedData {
  const seconds = t.map((ms) => ms / 1_000);
  if (!isStacked) return [seconds, ...lines.map(({ values }) => [...values])];
  const sums: number[] = t.map(() => 0);
  const stacked = lines.map(({ values }) =>
    values.map((value, index) => {
      const sum = (sums[index] ?? 0) + (value ?? 0);
      sums[index] = sum;
      return sum;
    }),
  );
  return [seconds, ...stacked.reverse()];
}

function optionsOf(latest: Latest, width: number, setPointed: (index: number | null) => void): uPlot.Options {
  const { lines, height = defaultHeight, isStacked = false, isLogarithmic = false, sync } = latest.current;
  const drawn = isStacked ? [...lines].reverse() : lines;
  const axis = { stroke: colour('muted'), grid: { stroke: colour('line'), width: 1 }, ticks: { show: false } };
  const font = `11px ${getComputedStyle(document.body).fontFamily}`;
  return {
    width,
    height,
    legend: { show: false },
    padding: [12, chartRightPadding, 0, 0],
    scales: { x: { time: false }, y: isLogarithmic ? { distr: 3, range: logarithmicRange } : { range: fromZero } },
    cursor: {
      points: { size: 6 },
      drag: { x: latest.current.onZoom !== undefined, y: false, setScale: false },
      ...(sync !== undefined && { sync: { key: sync } }),
    },
    series: [{}, ...drawn.map((line) => seriesOf(line, isStacked))],
    axes: [
      {
        ...axis,
        font,
        size: 28,
        space: 90,
        incrs: markStepsMs.map((ms) => ms / 1_000),
        splits: (_, __, from, to, apart) =>
          timeMarks(from * 1_000, to * 1_000, apart * 1_000, zone.peek()).map((ms) => ms / 1_000),
        values: (_, marks, __, ___, apart) => marks.map((mark) => formatMark(mark * 1_000, apart * 1_000, zone.peek())),
      },
      {
        ...axis,
        font,
        size: 64,
        space: 36,
        values: (_, marks) => marks.map((mark) => (mark === null ? '' : rounded(latest.current.format(mark)))),
        ...(isLogarithmic && powersOfTenOnly(axis)),
      },
    ],
    hooks: {
      setCursor: [({ cursor }) => setPointed(cursor.idx ?? null)],
      setSelect: [(self) => zoomTo(self, latest)],
      drawClear: [(self) => shadePartial(self, latest)],
    },
  };
}

function seriesOf(line: ChartLine, isStacked: boolean): uPlot.Series {
  const stroke = colour(line.colour);
  return {
    label: line.label,
    stroke,
    width: isStacked ? 1 : 1.5,
    points: isStacked ? { show: false } : { size: 4, filter: lonePoints },
    spanGaps: false,
    ...(isStacked && { fill: mixed(line.colour) }),
    ...(line.isDashed && { dash: [4, 4] }),
  };
}

/** A value with nothing beside it has no line to be seen by. */
function lonePoints(self: uPlot, series: number): number[] {
  const values = self.data[series] ?? [];
  const isNone = (index: number): boolean => (values[index] ?? null) === null;
  return [...values.keys()].filter((index) => !isNone(index) && isNone(index - 1) && isNone(index + 1));
}

/** Opaque, or the areas behind would shine through. */
const mixed = (name: string): string => `color-mix(in srgb, ${colour(name)} 55%, ${colour('panel')})`;

function fromZero(_: uPlot, __: number, max: number | null): [number, number] {
  return [0, max === null || max <= 0 ? 1 : max * 1.08];
}

/** Whole powers of ten around what is there. */
function logarithmicRange(_: uPlot, min: number | null, max: number | null): [number, number] {
  const low = 10 ** Math.floor(Math.log10(Math.max(min ?? 1, 0.1)));
  const high = 10 ** Math.ceil(Math.log10(Math.max(max ?? 10, low * 10)));
  return [low, high];
}

function powersOfTenOnly(axis: { readonly grid: uPlot.Axis.Grid; readonly ticks: uPlot.Axis.Ticks }) {
  const filter = (_: uPlot, marks: readonly number[]): (number | null)[] =>
    marks.map((mark) => (Math.abs(Math.log10(mark) - Math.round(Math.log10(mark))) < 1e-6 ? mark : null));
  return { filter, grid: { ...axis.grid, filter }, ticks: { ...axis.ticks, filter } };
}

function zoomTo(self: uPlot, latest: Latest): void {
  const { left, width } = self.select;
  if (width < 4) return;
  const from = self.posToVal(left, 'x') * 1_000;
  const to = self.posToVal(left + width, 'x') * 1_000;
  self.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  latest.current.onZoom?.(from, to);
}

/** Buckets that are not complete yet lie under a shade: their fall is none. */
function shadePartial(self: uPlot, latest: Latest): void {
  const { partialSince } = latest.current.data;
  if (typeof partialSince !== 'number') return;
  const { left, top, width, height } = self.bbox;
  const x = Math.max(left, self.valToPos(partialSince / 1_000, 'x', true));
  self.ctx.save();
  self.ctx.fillStyle = colour('shade');
  self.ctx.fillRect(x, top, left + width - x, height);
  self.ctx.restore();
}
