import type { PipelineInfo, Throughput, WithSql } from '../api/answers.ts';
import { pipelinePath } from '../api/paths.ts';
import { type Answer, useAnswer } from '../api/use-answer.ts';
import { OverviewErrors } from '../components/overview-errors.tsx';
import { PageHead } from '../components/page-head.tsx';
import { Panel } from '../components/panel.tsx';
import { usePipeline } from '../components/pickers.tsx';
import { Segments } from '../components/segments.tsx';
import { StageTable } from '../components/stage-table.tsx';
import { Empty, Loaded } from '../components/states.tsx';
import { Tiles } from '../components/tiles.tsx';
import { TimeChart } from '../components/time-chart.tsx';
import { formatRate } from '../lib/format.ts';
import { linkTo, place, setQuery } from '../lib/location.ts';
import { stageColour } from '../lib/palette.ts';
import { perSecond, type RateSpan, rateSpans } from '../lib/rates.ts';
import { zoomInto } from '../lib/zoom.ts';

/** A row for each stage of each pipeline: what moves, how long it takes, what waits. */
export function OverviewPage() {
  const picked = usePipeline();
  const wanted = place.value.query.get('rate') ?? '';
  const rate: RateSpan = wanted in rateSpans ? (wanted as RateSpan) : '1m';
  return (
    <>
      <PageHead title="Overview">
        <Segments
          name="Rates over"
          value={rate}
          choices={[
            { value: '5s', label: '5 s' },
            { value: '1m', label: '1 min' },
            { value: '5m', label: '5 min' },
          ]}
          onChange={(value) => setQuery({ rate: value }, 'replace')}
        />
      </PageHead>
      <Loaded answer={picked.list} height={520}>
        {({ pipelines }) =>
          pipelines.length === 0 ? (
            <Empty title="This gateway knows no pipeline.">Start it with --module and a file that defines one.</Empty>
          ) : (
            pipelines.map((pipeline) => <PipelineOverview key={pipeline.name} pipeline={pipeline} rate={rate} />)
          )
        }
      </Loaded>
    </>
  );
}

function PipelineOverview({ pipeline, rate }: { pipeline: PipelineInfo; rate: RateSpan }) {
  const stats: Answer<Throughput & WithSql> = useAnswer(
    pipelinePath(pipeline.name, 'stats', { window: '15m', step: '5s' }),
  );
  return (
    <div class="stack">
      <Tiles pipeline={pipeline} stats={stats.data} rate={rate} />
      <Panel title={pipeline.name} hint="rates over the span above, times over 15 min" sql={stats.data?.sql} isFlush>
        <StageTable pipeline={pipeline} stats={stats.data} rate={rate} />
      </Panel>
      <div class="columns">
        <Panel title="Finished per second" hint="by stage, 15 min">
          <Loaded answer={stats} height={228}>
            {(data) => (
              <TimeChart
                title="Attempts that succeeded, per second, by stage"
                data={data}
                lines={data.series.map(({ stage, ok }, index) => ({
                  label: stage,
                  colour: stageColour(index),
                  values: perSecond(ok, data.stepMs),
                }))}
                format={formatRate}
                height={192}
                onZoom={(from, to) => {
                  zoomInto(from, to, linkTo('/throughput', { pipeline: pipeline.name }));
                }}
              />
            )}
          </Loaded>
        </Panel>
        <OverviewErrors pipeline={pipeline.name} />
      </div>
    </div>
  );
}
