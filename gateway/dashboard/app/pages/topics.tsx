import type { LagAnswer, PartitionOwner, PipelineStage } from '../api/answers.ts';
import { pipelinePath } from '../api/paths.ts';
import { type Answer, useAnswer } from '../api/use-answer.ts';
import { Fact } from '../components/fact.tsx';
import { PageHead } from '../components/page-head.tsx';
import { Panel } from '../components/panel.tsx';
import { PipelinePicker, usePipeline, WindowPicker } from '../components/pickers.tsx';
import { Loaded } from '../components/states.tsx';
import { type Column, OpeningRow, Table } from '../components/table.tsx';
import { TimeChart } from '../components/time-chart.tsx';
import { describeEta } from '../lib/backlog.ts';
import { formatCount, formatRate, formatShort, none } from '../lib/format.ts';
import { place } from '../lib/location.ts';
import { stageColour } from '../lib/palette.ts';
import { readWindow, windowQuery } from '../lib/window.ts';
import { zoomInto } from '../lib/zoom.ts';

/** What waits in Kafka: by topic and partition, over time, and who reads it. */
export function TopicsPage() {
  const picked = usePipeline();
  const { pipeline } = picked;
  const asked = windowQuery(readWindow(place.value.query));
  const lag: Answer<LagAnswer> = useAnswer(pipeline && pipelinePath(pipeline.name, 'lag', asked));
  return (
    <>
      <PageHead title="Topics and groups">
        <PipelinePicker {...picked} />
        <WindowPicker />
      </PageHead>
      <div class="stack">
        <Panel title="Lag" hint="records not committed yet, by stage" sql={lag.data?.sql}>
          <Loaded answer={lag} height={220}>
            {(data) => (
              <TimeChart
                title="Records not committed yet, by stage"
                data={data}
                lines={data.series.map((each, index) => ({
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
            {() => (
              <Table label="Topics" look="fixed-table" columns={columns}>
                {pipeline?.stages.map((stage, index) => (
                  <TopicRows
                    key={stage.topic}
                    stage={stage}
                    colour={stageColour(index)}
                    owners={lag.data?.owners.filter((owner) => owner.stage === stage.name) ?? []}
                  />
                ))}
              </Table>
            )}
          </Loaded>
        </Panel>
      </div>
    </>
  );
}

const columns: readonly Column[] = [
  ['Topic and group'],
  ...['partitions', 'members', 'in/s', 'out/s', 'lag', 'empty in'].map((head) => [head, 'right'] as const),
];

interface TopicRowsProps {
  readonly stage: PipelineStage;
  readonly colour: string;
  readonly owners: readonly PartitionOwner[];
}

function TopicRows({ stage, colour, owners }: TopicRowsProps) {
  const detail = () => <Partitions stage={stage} owners={owners} />;
  return (
    <OpeningRow name="topic" id={stage.topic} span={columns.length} detail={detail}>
      {(link) => (
        <>
          <th scope="row">
            <a data-row {...link}>
              <i class={`swatch ink-${colour}`} /> {stage.topic}
            </a>
          </th>
          <td class="right num">{formatCount(stage.partitions.length)}</td>
          <td class="right num">{formatCount(new Set(owners.map(({ worker }) => worker)).size)}</td>
          <td class="right num">{formatRate(stage.inPerSecond)}</td>
          <td class="right num">{formatRate(stage.outPerSecond)}</td>
          <td class="right num">{formatCount(stage.lag)}</td>
          <td class="right num">{describeEta(stage)}</td>
        </>
      )}
    </OpeningRow>
  );
}

const partitionColumns: readonly Column[] = [
  ...['partition', 'committed', 'end', 'lag'].map((head) => [head, 'right'] as const),
  ['owner'],
];

function Partitions({ stage, owners }: Omit<TopicRowsProps, 'colour'>) {
  return (
    <div class="detail">
      <dl class="facts">
        <Fact name="Group">
          <span class="mono">{stage.group}</span>
        </Fact>
        <Fact name="Dead letters">
          <span class="mono">{stage.deadLetterTopic}</span>
        </Fact>
      </dl>
      <Table label={`Partitions of ${stage.topic}`} look="" columns={partitionColumns}>
        {stage.partitions.map(({ partition, committed, endOffset, lag }) => (
          <tr key={partition}>
            <td class="right num">{partition}</td>
            <td class="right num">{formatCount(committed)}</td>
            <td class="right num">{formatCount(endOffset)}</td>
            <td class={`right num ${lag === 0 ? 'is-faint' : ''}`}>{formatCount(lag)}</td>
            <td class="mono">{owners.find((owner) => owner.partition === partition)?.worker ?? none}</td>
          </tr>
        ))}
      </Table>
    </div>
  );
}
