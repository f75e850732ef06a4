import type { LatencyMaps, Percentiles, StageSeries, Throughput, WithSql } from '../api/answers.ts';
import { pipelinePath } from '../api/paths.ts';
import { type Answer, useAnswer } from '../api/use-answer.ts';
import { HeatMap } from '../components/heat-map.tsx';
import { PageHead } from '../components/page-head.tsx';
import { Panel } from '../components/panel.tsx';
import { PipelinePicker, StagePicker, usePipeline, WindowPicker } from '../components/pickers.tsx';
import { Segments } from '../components/segments.tsx';
import { Loaded } from '../components/states.tsx';
import { type ChartLine, TimeChart } from '../components/time-chart.tsx';
import { formatShortSpan } from '../lib/format.ts';
import { place, setQuery } from '../lib/location.ts';
import { stageColour } from '../lib/palette.ts';
import { readWindow, windowQuery } from '../lib/window.ts';
import { zoomInto } from '../lib/zoom.ts';

const levels = ['p50', 'p90', 'p95', 'p99'] as const;
type Level = (typeof levels)[number];
type Kind = 'run' | 'wait';

const kinds: readonly { readonly kind: Kind; readonly title: string; readonly hint: string }[] = [
  { kind: 'run', title: 'Running', hint: 'from the handler’s start to its end' },
  { kind: 'wait', title: 'Waiting', hint: 'in the queue before it' },
];

/** Waiting and running apart: one is mended with workers, the other with code. */
export function LatencyPage() {
  const picked = usePipeline();
  const { query } = place.value;
  const stage = query.get('stage') ?? '';
  const level = levels.find((each) => each === query.get('level')) ?? 'p95';
  const asked = { ...windowQuery(readWindow(query)), stage };
  const pipeline = picked.pipeline?.name;
  const stats: Answer<Throughput & WithSql> = useAnswer(pipeline && pipelinePath(pipeline, 'stats', asked));
  const maps: Answer<LatencyMaps & WithSql> = useAnswer(pipeline && pipelinePath(pipeline, 'latency', asked));
  return (
    <>
      <PageHead title="Latency">
        <PipelinePicker {...picked} />
        <StagePicker pipeline={picked.pipeline} />
        {stage === '' && (
          <Segments
            name="Percentile"
            value={level}
            choices={levels.map((each) => ({ value: each, label: each }))}
            onChange={(value) => setQuery({ level: value })}
          />
        )}
        <WindowPicker />
      </PageHead>
      <div class="columns columns-even">
        {kinds.map(({ kind, title, hint }) => (
          <Panel key={kind} title={title} hint={hint} sql={stats.data?.sql}>
            <Loaded answer={stats} height={250}>
              {(data) => (
                <TimeChart
                  title={`${title}: percentiles over time`}
                  data={data}
                  lines={stage === '' ? linesByStage(data, kind, level) : linesByLevel(data.series[0], kind)}
                  format={formatShortSpan}
                  height={200}
                  isLogarithmic
                  sync="latency"
                  onZoom={zoomInto}
                />
              )}
            </Loaded>
            <Loaded answer={maps} height={230}>
              {(data) => <HeatMap maps={data} kind={kind} title={title} />}
            </Loaded>
          </Panel>
        ))}
      </div>
    </>
  );
}

function linesByStage({ series }: Throughput, kind: Kind, level: Level): ChartLine[] {
  return series.map((each, index) => ({
    label: each.stage,
    colour: stageColour(index),
    values: positive(each[kind], level),
  }));
}

function linesByLevel(series: StageSeries | undefined, kind: Kind): ChartLine[] {
  const shades = ['stage-1', 'stage-0', 'stage-2', 'bad'];
  return levels.map((level, index) => ({
    label: level,
    colour: shades[index] ?? 'neutral',
    values: series ? positive(series[kind], level) : [],
  }));
}

/** A logarithm knows no zero: below a tenth of a millisecond all is one. */
const positive = (values: Percentiles<(number | null)[]>, level: Level): (number | null)[] =>
  values[level].map((value) => (value === null ? null : Math.max(0.1, value)));
