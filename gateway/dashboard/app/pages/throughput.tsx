import type { CountedOutcome, Throughput, WithSql } from '../api/answers.ts';
import { pipelinePath } from '../api/paths.ts';
import { type Answer, useAnswer } from '../api/use-answer.ts';
import { PageHead } from '../components/page-head.tsx';
import { Panel } from '../components/panel.tsx';
import { PipelinePicker, StagePicker, usePipeline, WindowPicker } from '../components/pickers.tsx';
import { Segments } from '../components/segments.tsx';
import { Loaded } from '../components/states.tsx';
import { type ChartLine, TimeChart } from '../components/time-chart.tsx';
import { TotalsTable } from '../components/totals-table.tsx';
import { formatRate, formatSpan, rounded } from '../lib/format.ts';
import { place, setQuery } from '../lib/location.ts';
import { outcomeColour, stageColour } from '../lib/palette.ts';
import { addUp, perSecond } from '../lib/rates.ts';
import { fittingStep, readWindow, spanOfStep, steps, windowQuery } from '../lib/window.ts';
import { zoomInto } from '../lib/zoom.ts';

const outcomes = [
  'ok',
  'retry',
  'dead',
  'expired',
  'cancelled',
  'skipped',
] as const satisfies readonly CountedOutcome[];

/** What ended in each second, minute, hour or day. */
export function ThroughputPage() {
  const picked = usePipeline();
  const { query } = place.value;
  const shown = readWindow(query);
  const step = fittingStep(query.get('step'), shown.spanMs);
  const by = query.get('by') === 'outcome' ? 'outcome' : 'stage';
  const stage = query.get('stage') ?? '';
  const stats: Answer<Throughput & WithSql> = useAnswer(
    picked.pipeline && pipelinePath(picked.pipeline.name, 'stats', { ...windowQuery(shown), step, stage }),
  );
  return (
    <>
      <PageHead title="Throughput">
        <PipelinePicker {...picked} />
        <StagePicker pipeline={picked.pipeline} />
        <WindowPicker />
      </PageHead>
      <div class="stack">
        <Panel
          title="Ended per second"
          hint={stats.data && `buckets of ${rounded(formatSpan(stats.data.stepMs))} · drag to zoom`}
          sql={stats.data?.sql}
          actions={
            <>
              <Segments
                name="Length of a bucket"
                value={step ?? ''}
                choices={[
                  { value: '', label: 'Auto' },
                  ...steps.map((each) => ({ value: each, label: `${each.slice(0, -1)} ${unitNames[each]}` })),
                ]}
                onChange={(wanted) => setQuery({ step: wanted, ...(wanted !== '' && spanOfStep(wanted, shown)) })}
              />
              <Segments
                name="Lines"
                value={by}
                choices={[
                  { value: 'stage', label: 'By stage' },
                  { value: 'outcome', label: 'By outcome' },
                ]}
                onChange={(value) => setQuery({ by: value })}
              />
            </>
          }
        >
          <Loaded answer={stats} height={330}>
            {(data) => (
              <TimeChart
                title={`Attempts that ended, per second, by ${by}`}
                data={data}
                lines={by === 'stage' ? byStage(data) : byOutcome(data)}
                isStacked={by === 'outcome'}
                format={formatRate}
                height={280}
                onZoom={zoomInto}
              />
            )}
          </Loaded>
        </Panel>
        <Panel title="In all" hint="over the time shown" isFlush>
          <Loaded answer={stats} height={160}>
            {({ totals }) => <TotalsTable totals={totals} />}
          </Loaded>
        </Panel>
      </div>
    </>
  );
}

const unitNames: Readonly<Record<string, string>> = { '1s': 's', '1m': 'min', '1h': 'h', '1d': 'd' };

function byStage({ series, stepMs }: Throughput): ChartLine[] {
  return series.map((each, index) => ({
    label: each.stage,
    colour: stageColour(index),
    values: perSecond(addUp(outcomes.map((outcome) => each[outcome])), stepMs),
  }));
}

function byOutcome({ series, stepMs }: Throughput): ChartLine[] {
  return outcomes.map((outcome) => ({
    label: outcome,
    colour: outcomeColour[outcome],
    values: perSecond(addUp(series.map((each) => each[outcome])), stepMs),
  }));
}
