import type { LagAnswer, PartitionOwner, PipelineStage } from '../api/answers.ts';
import { type Answer, useAnswer } from '../api/use-answer.ts';
import { PageHead } from '../components/page-head.tsx';
import { Panel } from '../components/panel.tsx';
import { PipelinePicker, usePipeline, WindowPicker } from '../components/pickers.tsx';
import { Loaded } from '../components/states.tsx';
import { TimeChart } from '../components/time-chart.tsx';
import { describeEta } from '../lib/backlog.ts';
import { formatCount, formatRate, formatShort, none } from '../lib/format.ts';
import { linkTo, place } from '../lib/location.ts';
import { stageColour } from '../lib/palette.ts';
import { readWindow, windowQuery } from '../lib/window.ts';
import { zoomInto } from '../lib/zoom.ts';

/** What waits in Kafka: by topic and partition, over time, and who reads it. */
export function TopicsPage() {
  const picked = usePipeline();
  const { pipeline } = picked;
  const asked = windowQuery(readWindow(place.value.query));
  const lag: Answer<LagAnswer> = useAnswer(
    pipeline && linkTo(`/v1/pipelines/${encodeURIComponent(pipeline.name)}/lag`, asked),
  );
  return (
    <>
      <PageHead title="Topics and groups">
        <PipelinePicker {...picked} />
        <WindowPicker />
      </PageHead>
      <div class="stack">
        <Panel title="Lag" hint="records not committed yet, by stage" sql={lag.data?.sql}>
          <Loaded answer={lag} height={220}>
            {({ t, stepMs, series }) => (
              <TimeChart
                title="Records not committed yet, by stage"
                t={t}
                stepMs={stepMs}
                partialSince={null}
                lines={series.map((each, index) => ({
                  label: each.stage,
                  colour: stageColour(index),
                  values: each.lag,
                }))}
                format={formatShort}
                height={170}
                onZoom={zoomInto}
              />
            )}
          </Loaded>
        </Panel>
        <Panel title="Topics" isFlush>
          <Loaded answer={picked.list} height={200}>
            {() => <TopicTable stages={pipeline?.stages ?? []} owners={lag.data?.owners ?? []} />}
          </Loaded>
        </Panel>
      </div>
    </>
  );
}

const heads = ['partitions', 'members', 'in/s', 'out/s', 'lag', 'empty in'];

function TopicTable({ stages, owners }: { stages: readonly PipelineStage[]; owners: readonly PartitionOwner[] }) {
  return (
    <section class="table-scroll" aria-label="Topics">
      <table class="table fixed-table">
        <thead>
          <tr>
            <th scope="col">Topic and group</th>
            {heads.map((head) => (
              <th key={head} scope="col" class="right">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {stages.map((stage, index) => (
            <TopicRows
              key={stage.topic}
              stage={stage}
              colour={stageColour(index)}
              owners={owners.filter((owner) => owner.stage === stage.name)}
            />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function TopicRows({
  stage,
  colour,
  owners,
}: {
  stage: PipelineStage;
  colour: string;
  owners: readonly PartitionOwner[];
}) {
  const { path, query } = place.value;
  const isOpen = query.get('topic') === stage.topic;
  const toggle = linkTo(path, { ...Object.fromEntries(query), topic: isOpen ? undefined : stage.topic });
  return (
    <>
      <tr>
        <th scope="row">
          <a data-row aria-expanded={isOpen} href={toggle}>
            <i class={`swatch fill-${colour}`} /> {stage.topic}
          </a>
        </th>
        <td class="right num">{formatCount(stage.partitions.length)}</td>
        <td class="right num">{formatCount(new Set(owners.map(({ worker }) => worker)).size)}</td>
        <td class="right num">{formatRate(stage.inPerSecond)}</td>
        <td class="right num">{formatRate(stage.outPerSecond)}</td>
        <td class="right num">{formatCount(stage.lag)}</td>
        <td class="right num">{describeEta(stage)}</td>
      </tr>
      {isOpen && (
        <tr class="detail-row">
          <td colSpan={heads.length + 1}>
            <Partitions stage={stage} owners={owners} />
          </td>
        </tr>
      )}
    </>
  );
}

function Partitions({ stage, owners }: { stage: PipelineStage; owners: readonly PartitionOwner[] }) {
  return (
    <div class="detail">
      <dl class="facts">
        <dt>Group</dt>
        <dd class="mono">{stage.group}</dd>
        <dt>Dead letters</dt>
        <dd class="mono">{stage.deadLetterTopic}</dd>
      </dl>
      <table class="table">
        <thead>
          <tr>
            {['partition', 'committed', 'end', 'lag'].map((head) => (
              <th key={head} scope="col" class="right">
                {head}
              </th>
            ))}
            <th scope="col">owner</th>
          </tr>
        </thead>
        <tbody>
          {stage.partitions.map(({ partition, committed, endOffset, lag }) => (
            <tr key={partition}>
              <td class="right num">{partition}</td>
              <td class="right num">{formatCount(committed)}</td>
              <td class="right num">{formatCount(endOffset)}</td>
              <td class={`right num ${lag === 0 ? 'is-faint' : ''}`}>{formatCount(lag)}</td>
              <td class="mono">{owners.find((owner) => owner.partition === partition)?.worker ?? none}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
