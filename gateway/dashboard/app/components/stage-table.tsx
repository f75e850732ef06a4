import type { Percentiles, PipelineInfo, PipelineStage, StageLoad, Throughput } from '../api/answers.ts';
import { describeEta, isBehind } from '../lib/backlog.ts';
import { formatRate, formatShort, formatShortSpan } from '../lib/format.ts';
import { linkTo } from '../lib/location.ts';
import { stageColour } from '../lib/palette.ts';
import { perSecond, type RateSpan, ratesOf } from '../lib/rates.ts';
import { Sparkline } from './sparkline.tsx';

export interface StageTableProps {
  readonly pipeline: PipelineInfo;
  readonly stats: Throughput | undefined;
  readonly rate: RateSpan;
}

/** Columns keep their width whatever stands in them. */
export function StageTable({ pipeline, stats, rate }: StageTableProps) {
  return (
    <section class="table-scroll" aria-label={`Stages of ${pipeline.name}`}>
      <table class="table stage-table">
        <colgroup>
          <col class="col-stage" />
          <col class="col-spark" />
          <col span={9} />
          <col class="col-short" span={2} />
          <col class="col-eta" />
        </colgroup>
        <thead>
          <tr class="table-groups">
            <th colSpan={2} />
            <th colSpan={3} scope="colgroup">
              <span>Per second</span>
            </th>
            <th colSpan={3} scope="colgroup">
              <span>Running</span>
            </th>
            <th colSpan={3} scope="colgroup">
              <span>Waiting before</span>
            </th>
            <th colSpan={3} scope="colgroup">
              <span>Backlog</span>
            </th>
          </tr>
          <tr>
            <th scope="col" class="col-stage">
              Stage
            </th>
            <th scope="col" class="col-spark">
              15 min
            </th>
            {['in', 'ok', 'failed', 'p50', 'p95', 'p99', 'p50', 'p95', 'p99', 'running', 'lag', 'empty in'].map(
              (head, index) => (
                <th key={index} scope="col" class={`right ${[0, 3, 6, 9].includes(index) ? 'first' : ''}`}>
                  {head}
                </th>
              ),
            )}
          </tr>
        </thead>
        <tbody>
          {pipeline.stages.map((stage, index) => (
            <StageRow key={stage.name} {...{ pipeline, stage, stats, rate, index }} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function StageRow({ pipeline, stage, stats, rate, index }: StageTableProps & { stage: PipelineStage; index: number }) {
  const series = stats?.series.find((each) => each.stage === stage.name);
  const totals = stats?.totals.find((each) => each.stage === stage.name);
  const rates = series && stats ? ratesOf(series, stats, rate) : undefined;
  const shape = series && stats ? perSecond(series.ok.slice(0, -1), stats.stepMs) : [];
  return (
    <tr>
      <th scope="row" class="col-stage">
        <a data-row href={linkTo('/throughput', { pipeline: pipeline.name, stage: stage.name })}>
          <i class={`swatch ink-${stageColour(index)}`} /> {stage.name}
        </a>
      </th>
      <td class="col-spark">
        <Sparkline
          values={shape}
          colour={stageColour(index)}
          label={`${stage.name}: finished per second over 15 minutes`}
        />
      </td>
      <td class="right num first">{formatRate(stage.inPerSecond)}</td>
      <td class="right num">{formatRate(rates?.ok)}</td>
      <td class={`right num ${rates && rates.failed > 0 ? 'is-bad' : ''}`}>{formatRate(rates?.failed)}</td>
      <Times of={totals?.run} />
      <Times of={totals?.wait} />
      <td class="right num first">{formatShort(stage.inFlight)}</td>
      <td class="right num">{formatShort(stage.lag)}</td>
      <Eta stage={stage} />
    </tr>
  );
}

function Times({ of }: { of: Percentiles<number | null> | undefined }) {
  return (
    <>
      <td class="right num first">{formatShortSpan(of?.p50)}</td>
      <td class="right num">{formatShortSpan(of?.p95)}</td>
      <td class="right num">{formatShortSpan(of?.p99)}</td>
    </>
  );
}

function Eta({ stage }: { stage: StageLoad }) {
  return <td class={`right num ${isBehind(stage) ? 'is-warn' : ''}`}>{describeEta(stage)}</td>;
}
