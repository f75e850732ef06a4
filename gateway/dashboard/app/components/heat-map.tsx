import { useEffect, useRef, useState } from 'preact/hooks';
import type { LatencyMaps } from '../api/answers.ts';
import { formatCount, formatMark, formatMoment, formatSpan, none, rounded } from '../lib/format.ts';
import { colour } from '../lib/palette.ts';
import { shownTheme, zone } from '../lib/settings.ts';
import { markStepFor, timeMarks } from '../lib/time-marks.ts';
import { chartRightPadding } from './time-chart.tsx';

export interface HeatMapProps {
  readonly maps: LatencyMaps;
  readonly kind: 'run' | 'wait';
  readonly title: string;
}

const rowHeight = 12;
const axisWidth = 64;
const leastRows = 9;

interface Cell {
  readonly bucket: number;
  readonly row: number;
}

/** How many took how long, over time: the darker, the more. */
export function HeatMap({ maps, kind, title }: HeatMapProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [width, setWidth] = useState(0);
  const [pointed, setPointed] = useState<Cell | undefined>(undefined);
  const rows = shownRows([...maps.run, ...maps.wait]);
  const height = (rows.to - rows.from) * rowHeight;
  useEffect(() => {
    const node = canvas.current?.parentElement;
    if (!node) return;
    const sizes = new ResizeObserver(([entry]) => entry && setWidth(Math.floor(entry.contentRect.width)));
    sizes.observe(node);
    return () => sizes.disconnect();
  }, []);
  useEffect(() => {
    if (canvas.current && width > 0) draw(canvas.current, width, height, maps, maps[kind], rows);
  }, [maps, kind, width, height, shownTheme.value, zone.value]);
  const point = (event: MouseEvent) => {
    const bucket = Math.floor(
      ((event.offsetX - axisWidth) / Math.max(1, width - axisWidth - chartRightPadding)) * maps.t.length,
    );
    const row = rows.to - 1 - Math.floor(event.offsetY / rowHeight);
    setPointed(maps.t[bucket] === undefined || row < rows.from ? undefined : { bucket, row });
  };
  return (
    <figure class="chart heat">
      <div>
        <canvas
          ref={canvas}
          role="img"
          aria-label={`${title}: how many took how long, over time`}
          onMouseMove={point}
          onMouseLeave={() => setPointed(undefined)}
        />
      </div>
      <figcaption class="hint">{describe(maps, kind, pointed)}</figcaption>
    </figure>
  );
}

function describe(maps: LatencyMaps, kind: 'run' | 'wait', cell: Cell | undefined): string {
  if (!cell) return 'Attempts by how long they took, about: the stronger the colour, the more.';
  const from = maps.boundsMs[cell.row - 1] ?? 0;
  const to = maps.boundsMs[cell.row];
  const count = Math.round(maps[kind][cell.bucket]?.[cell.row] ?? 0);
  const at = maps.t[cell.bucket];
  return `${at === undefined ? none : formatMoment(at, maps.stepMs * maps.t.length, zone.peek())}: ${formatCount(count)} took ${rounded(formatSpan(from))} to ${rounded(formatSpan(to))}`;
}

/** Those that hold something, and a few more so that the height seldom changes. */
function shownRows(map: readonly (readonly number[])[]): { from: number; to: number } {
  const used = (map[0] ?? []).map((_, row) => map.some((counts) => (counts[row] ?? 0) > 0));
  const first = Math.max(0, used.indexOf(true));
  const to = Math.max(used.lastIndexOf(true) + 1, first + leastRows);
  const end = Math.min(used.length, to);
  return { from: Math.max(0, Math.min(first, end - leastRows)), to: end };
}

function draw(
  canvas: HTMLCanvasElement,
  width: number,
  height: number,
  { t, boundsMs, stepMs }: LatencyMaps,
  map: readonly (readonly number[])[],
  rows: { readonly from: number; readonly to: number },
): void {
  const ratio = devicePixelRatio;
  const axisHeight = 20;
  canvas.width = width * ratio;
  canvas.height = (height + axisHeight) * ratio;
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height + axisHeight}px`;
  const ink = canvas.getContext('2d');
  if (!ink) return;
  ink.scale(ratio, ratio);
  const highest = Math.max(1, ...map.flat());
  const plotWidth = width - axisWidth - chartRightPadding;
  const cellWidth = plotWidth / t.length;
  const yOf = (row: number): number => (rows.to - 1 - row) * rowHeight;
  ink.fillStyle = colour('raised');
  ink.fillRect(axisWidth, 0, plotWidth, height);
  ink.fillStyle = colour('accent');
  for (const [bucket, counts] of map.entries()) {
    for (let row = rows.from; row < rows.to; row += 1) {
      const share = (counts[row] ?? 0) / highest;
      if (share <= 0) continue;
      ink.globalAlpha = 0.12 + 0.88 * Math.sqrt(share);
      ink.fillRect(axisWidth + bucket * cellWidth, yOf(row), Math.ceil(cellWidth), rowHeight - 1);
    }
  }
  ink.globalAlpha = 1;
  ink.fillStyle = colour('muted');
  ink.font = `11px ${getComputedStyle(document.body).fontFamily}`;
  ink.textAlign = 'right';
  ink.textBaseline = 'middle';
  for (let row = rows.from; row < rows.to; row += 2) {
    ink.fillText(rounded(formatSpan(boundsMs[row])), axisWidth - 8, yOf(row) + rowHeight / 2);
  }
  ink.textAlign = 'center';
  const [from = 0] = t;
  const spanMs = stepMs * t.length;
  const apartMs = markStepFor(spanMs, Math.max(2, Math.floor(plotWidth / 110)));
  for (const ms of timeMarks(from, from + spanMs, apartMs, zone.peek())) {
    const x = axisWidth + ((ms - from) / spanMs) * plotWidth;
    ink.fillText(formatMark(ms, apartMs, zone.peek()), x, height + axisHeight / 2 + 2);
  }
}
