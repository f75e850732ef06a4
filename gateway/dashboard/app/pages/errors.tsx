import type { ErrorGroup, ErrorGroups, WithSql } from '../api/answers.ts';
import { type Answer, useAnswer } from '../api/use-answer.ts';
import { ErrorDetail } from '../components/error-detail.tsx';
import { PageHead } from '../components/page-head.tsx';
import { Panel } from '../components/panel.tsx';
import { PipelinePicker, StagePicker, usePipeline, WindowPicker } from '../components/pickers.tsx';
import { Sparkline } from '../components/sparkline.tsx';
import { Empty, Loaded } from '../components/states.tsx';
import { type Column, OpeningRow, Table } from '../components/table.tsx';
import { countOf, formatAgo, formatCount, formatTime } from '../lib/format.ts';
import { linkTo, place } from '../lib/location.ts';
import { now } from '../lib/refresh.ts';
import { zone } from '../lib/settings.ts';
import { readWindow, windowQuery } from '../lib/window.ts';

/** Like failures together: how many, since when, whether it gets worse, and one of them. */
export function ErrorsPage() {
  const picked = usePipeline();
  const { query } = place.value;
  const shown = readWindow(query);
  const answer: Answer<ErrorGroups & WithSql> = useAnswer(
    picked.pipeline &&
      linkTo('/v1/stats/errors', {
        ...windowQuery(shown),
        ...{ pipeline: picked.pipeline.name, stage: query.get('stage') ?? '', limit: 200 },
      }),
  );
  const count = answer.data?.groups.length;
  return (
    <>
      <PageHead title="Errors">
        <PipelinePicker {...picked} />
        <StagePicker pipeline={picked.pipeline} />
        <WindowPicker />
      </PageHead>
      <Panel
        title={count === undefined ? 'Groups' : countOf(count, 'group')}
        hint="the same code and message, but for numbers and ids"
        sql={answer.data?.sql}
        isFlush
      >
        <Loaded answer={answer} height={360}>
          {(data) => {
            if (data.groups.length === 0) return <Empty title="Nothing failed in this time." />;
            return (
              <Table label="Groups of errors" look="error-table" columns={columns}>
                {data.groups.map((group) => (
                  <GroupRows key={keyOf(group)} group={group} data={data} />
                ))}
              </Table>
            );
          }}
        </Loaded>
      </Panel>
    </>
  );
}

const columns: readonly Column[] = [
  ['Failed', 'w-count right'],
  ['Given up', 'w-count right'],
  ['What'],
  ['Stage', 'w-stage'],
  ['Trend', 'w-spark'],
  ['First seen', 'w-time'],
  ['Last seen', 'w-time'],
];

const keyOf = ({ stage, fingerprint }: ErrorGroup): string => `${stage}.${fingerprint}`;

function GroupRows({ group, data }: { group: ErrorGroup; data: ErrorGroups }) {
  const detail = () => <ErrorDetail group={group} data={data} />;
  return (
    <OpeningRow name="group" id={keyOf(group)} span={columns.length} detail={detail}>
      {(link) => (
        <>
          <td class="right num">{formatCount(group.errors)}</td>
          <td class={`right num ${group.dead > 0 ? 'is-bad' : 'is-faint'}`}>{formatCount(group.dead)}</td>
          <td class="error-cell">
            <a data-row {...link}>
              <b class="mono clip">{group.code}</b>
              <bdi class="clip">{group.message}</bdi>
            </a>
          </td>
          <td class="clip">{group.stage}</td>
          <td>
            <Sparkline values={group.counts} colour="bad" label={`${group.code} over time`} />
          </td>
          <Seen at={group.firstSeen} />
          <Seen at={group.lastSeen} />
        </>
      )}
    </OpeningRow>
  );
}

const Seen = ({ at }: { at: number }) => (
  <td class="num" title={formatTime(at, zone.value)}>
    {formatAgo(at, now.value)}
  </td>
);
