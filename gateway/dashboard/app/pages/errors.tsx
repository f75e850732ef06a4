import type { ErrorGroup, ErrorGroups, WithSql } from '../api/answers.ts';
import { type Answer, useAnswer } from '../api/use-answer.ts';
import { ErrorDetail } from '../components/error-detail.tsx';
import { PageHead } from '../components/page-head.tsx';
import { Panel } from '../components/panel.tsx';
import { PipelinePicker, StagePicker, usePipeline, WindowPicker } from '../components/pickers.tsx';
import { Sparkline } from '../components/sparkline.tsx';
import { Empty, Loaded } from '../components/states.tsx';
import { formatAgo, formatCount, formatTime } from '../lib/format.ts';
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
  const open = query.get('group');
  const count = answer.data?.groups.length;
  return (
    <>
      <PageHead title="Errors">
        <PipelinePicker {...picked} />
        <StagePicker pipeline={picked.pipeline} />
        <WindowPicker />
      </PageHead>
      <Panel
        title={count === undefined ? 'Groups' : `${formatCount(count)} ${count === 1 ? 'group' : 'groups'}`}
        hint="the same code and message, but for numbers and ids"
        sql={answer.data?.sql}
        isFlush
      >
        <Loaded answer={answer} height={360}>
          {(data) => {
            if (data.groups.length === 0) return <Empty title="Nothing failed in this time." />;
            return (
              <section class="table-scroll" aria-label="Groups of errors">
                <table class="table error-table">
                  <colgroup>
                    <col class="w-count" />
                    <col class="w-count" />
                    <col />
                    <col class="w-stage" />
                    <col class="w-spark" />
                    <col class="w-time" />
                    <col class="w-time" />
                  </colgroup>
                  <thead>
                    <tr>
                      <th scope="col" class="right">
                        Failed
                      </th>
                      <th scope="col" class="right">
                        Given up
                      </th>
                      <th scope="col">What</th>
                      <th scope="col">Stage</th>
                      <th scope="col">Trend</th>
                      <th scope="col">First seen</th>
                      <th scope="col">Last seen</th>
                    </tr>
                  </thead>
                  <tbody>
                    {data.groups.map((group) => (
                      <GroupRows key={keyOf(group)} group={group} data={data} isOpen={open === keyOf(group)} />
                    ))}
                  </tbody>
                </table>
              </section>
            );
          }}
        </Loaded>
      </Panel>
    </>
  );
}

const keyOf = ({ stage, fingerprint }: ErrorGroup): string => `${stage}.${fingerprint}`;

function GroupRows({ group, data, isOpen }: { group: ErrorGroup; data: ErrorGroups; isOpen: boolean }) {
  const { path, query } = place.value;
  const toggle = linkTo(path, { ...Object.fromEntries(query), group: isOpen ? undefined : keyOf(group) });
  return (
    <>
      <tr class={isOpen ? 'is-open' : ''}>
        <td class="right num">{formatCount(group.errors)}</td>
        <td class={`right num ${group.dead > 0 ? 'is-bad' : 'is-faint'}`}>{formatCount(group.dead)}</td>
        <td class="error-cell">
          <a data-row href={toggle} aria-expanded={isOpen}>
            <b class="mono">{group.code}</b>
            <span class="clip">{group.message}</span>
          </a>
        </td>
        <td>{group.stage}</td>
        <td>
          <Sparkline values={group.counts} colour="bad" label={`${group.code} over time`} />
        </td>
        <td class="num" title={formatTime(group.firstSeen, zone.value)}>
          {formatAgo(group.firstSeen, now.value)}
        </td>
        <td class="num" title={formatTime(group.lastSeen, zone.value)}>
          {formatAgo(group.lastSeen, now.value)}
        </td>
      </tr>
      {isOpen && (
        <tr class="detail-row">
          <td colSpan={7}>
            <ErrorDetail group={group} data={data} />
          </td>
        </tr>
      )}
    </>
  );
}
