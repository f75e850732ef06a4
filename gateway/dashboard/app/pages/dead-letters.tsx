import type { DeadLetterList, DeadLetterSummary } from '../api/answers.ts';
import { useAnswer } from '../api/use-answer.ts';
import { DeadLetterDetail } from '../components/dead-letter-detail.tsx';
import { PageHead } from '../components/page-head.tsx';
import { Panel } from '../components/panel.tsx';
import { PipelinePicker, StagePicker, usePipeline } from '../components/pickers.tsx';
import { Empty, Loaded } from '../components/states.tsx';
import { type Column, OpeningRow, Table } from '../components/table.tsx';
import { TaskLink } from '../components/task-link.tsx';
import { formatAgo, formatBytes, formatCount, formatTime } from '../lib/format.ts';
import { linkHere, linkTo, place } from '../lib/location.ts';
import { now } from '../lib/refresh.ts';
import { zone } from '../lib/settings.ts';

/** What was given up, why, and what it held. Read from Kafka, so it is all that is stored, whoever wrote it. */
export function DeadLettersPage() {
  const picked = usePipeline();
  const { query } = place.value;
  const cursor = query.get('cursor') ?? '';
  const stage = picked.pipeline?.stages.find(({ name }) => name === query.get('stage'))?.name;
  const answer = useAnswer<DeadLetterList>(
    picked.pipeline && linkTo('/v1/dead-letters', { pipeline: picked.pipeline.name, stage, cursor }),
  );
  const { data } = answer;
  const moved = (to: string) => linkHere({ cursor: to, letter: '' });
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
              {letters.length === 0 ? (
                <Empty title="Nothing was given up." />
              ) : (
                <Table label="Dead letters" look="letter-table" columns={columns}>
                  {letters.map((letter) => (
                    <LetterRows key={placeOf(letter)} letter={letter} />
                  ))}
                </Table>
              )}
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

const columns: readonly Column[] = [
  ['Why'],
  ['Task', 'w-id'],
  ['Stage', 'w-stage'],
  ['Given up', 'w-time'],
  ['Attempts', 'w-count right'],
  ['Size', 'w-count right'],
];

const placeOf = ({ topic, partition, offset }: DeadLetterSummary): string => `${topic}/${partition}/${offset}`;

function LetterRows({ letter }: { letter: DeadLetterSummary }) {
  const where = placeOf(letter);
  return (
    <OpeningRow name="letter" id={where} span={columns.length} detail={() => <DeadLetterDetail place={where} />}>
      {(link) => (
        <>
          <td class="error-cell">
            <a data-row {...link}>
              <b class="mono clip">{letter.code || 'no reason given'}</b>
              <bdi class="clip">{letter.message || where}</bdi>
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
        </>
      )}
    </OpeningRow>
  );
}
