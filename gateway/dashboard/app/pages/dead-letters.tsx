import type { DeadLetterList, DeadLetterSummary } from '../api/answers.ts';
import { useAnswer } from '../api/use-answer.ts';
import { DeadLetterDetail } from '../components/dead-letter-detail.tsx';
import { PageHead } from '../components/page-head.tsx';
import { Panel } from '../components/panel.tsx';
import { PipelinePicker, StagePicker, usePipeline } from '../components/pickers.tsx';
import { Empty, Loaded } from '../components/states.tsx';
import { TaskLink } from '../components/task-link.tsx';
import { formatAgo, formatBytes, formatCount, formatTime } from '../lib/format.ts';
import { linkTo, place } from '../lib/location.ts';
import { now } from '../lib/refresh.ts';
import { zone } from '../lib/settings.ts';

/** What was given up, why, and what it held. Read from Kafka, so it is all that is stored, whoever wrote it. */
export function DeadLettersPage() {
  const picked = usePipeline();
  const { path, query } = place.value;
  const cursor = query.get('cursor') ?? '';
  const stage = picked.pipeline?.stages.find(({ name }) => name === query.get('stage'))?.name;
  const answer = useAnswer<DeadLetterList>(
    picked.pipeline && linkTo('/v1/dead-letters', { pipeline: picked.pipeline.name, stage, cursor }),
  );
  const { data } = answer;
  const moved = (to: string) => linkTo(path, { ...Object.fromEntries(query), cursor: to, letter: '' });
  return (
    <>
      <PageHead title="Dead letters">
        <PipelinePicker {...picked} />
        <StagePicker pipeline={picked.pipeline} />
      </PageHead>
      <Panel title={data ? `${formatCount(data.stored)} stored` : 'Stored'} hint="the newest of each partition" isFlush>
        <Loaded answer={answer} height={360}>
          {({ letters, isPartial }) => (
            <>
              {isPartial && (
                <p class="notice notice-warn" role="status">
                  They are too large to be read at once: some are missing here.
                </p>
              )}
              {letters.length === 0 ? <Empty title="Nothing was given up." /> : <LetterTable letters={letters} />}
            </>
          )}
        </Loaded>
        <nav class="pager" aria-label="Pages of dead letters">
          {cursor !== '' && <a href={moved('')}>Newest</a>}
          {data?.cursor !== undefined && <a href={moved(data.cursor)}>Older</a>}
        </nav>
      </Panel>
    </>
  );
}

const heads = ['Why', 'Task', 'Stage', 'Given up', 'Attempts', 'Size'];

function LetterTable({ letters }: { letters: readonly DeadLetterSummary[] }) {
  const open = place.value.query.get('letter');
  return (
    <section class="table-scroll" aria-label="Dead letters">
      <table class="table letter-table">
        <colgroup>
          <col />
          <col class="w-id" />
          <col class="w-stage" />
          <col class="w-time" />
          <col class="w-count" />
          <col class="w-count" />
        </colgroup>
        <thead>
          <tr>
            {heads.map((head, index) => (
              <th key={head} scope="col" class={index > 3 ? 'right' : ''}>
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {letters.map((letter) => (
            <LetterRows key={placeOf(letter)} letter={letter} isOpen={open === placeOf(letter)} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

const placeOf = ({ topic, partition, offset }: DeadLetterSummary): string => `${topic}/${partition}/${offset}`;

function LetterRows({ letter, isOpen }: { letter: DeadLetterSummary; isOpen: boolean }) {
  const { path, query } = place.value;
  const toggle = linkTo(path, { ...Object.fromEntries(query), letter: isOpen ? undefined : placeOf(letter) });
  return (
    <>
      <tr class={isOpen ? 'is-open' : ''}>
        <td class="error-cell">
          <a data-row href={toggle} aria-expanded={isOpen}>
            <b class="mono clip">{letter.code || 'no reason given'}</b>
            <bdi class="clip">{letter.message || placeOf(letter)}</bdi>
          </a>
        </td>
        <td>
          <TaskLink id={letter.taskId} />
        </td>
        <td class="clip">
          <bdi>{letter.stage}</bdi>
        </td>
        <td class="num" title={formatTime(letter.at, zone.value)}>
          {formatAgo(letter.at, now.value)}
        </td>
        <td class="right num">{formatCount(letter.attempts)}</td>
        <td class="right num">{formatBytes(letter.bytes)}</td>
      </tr>
      {isOpen && (
        <tr class="detail-row">
          <td colSpan={heads.length}>
            <DeadLetterDetail place={placeOf(letter)} />
          </td>
        </tr>
      )}
    </>
  );
}
