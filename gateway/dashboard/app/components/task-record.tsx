import type { TaskRecord as Stored } from '../api/answers.ts';
import { taskPath } from '../api/paths.ts';
import { useAnswer } from '../api/use-answer.ts';
import { formatBytes, formatTime } from '../lib/format.ts';
import { linkTo, place, setQuery } from '../lib/location.ts';
import { zone } from '../lib/settings.ts';
import { Copyable } from './copy-button.tsx';
import { Fact } from './fact.tsx';
import { Panel } from './panel.tsx';
import { RecordBody } from './record-body.tsx';
import { Segments } from './segments.tsx';
import { Loaded } from './states.tsx';

/** What a task brought to each stage: asked for once, because a record does not change. */
export function TaskRecord({ id, stages }: { id: string; stages: readonly string[] }) {
  const wanted = place.value.query.get('stage');
  const stage = stages.find((each) => each === wanted) ?? stages[0] ?? '';
  const answer = useAnswer<Stored>(linkTo(taskPath(id, '/record'), { stage }), { once: true });
  return (
    <Panel
      title="Payload"
      hint="as it came to the stage"
      actions={
        stages.length > 1 && (
          <Segments
            name="Stage"
            value={stage}
            choices={stages.map((each) => ({ value: each, label: each }))}
            onChange={(value) => setQuery({ stage: value }, 'replace')}
          />
        )
      }
    >
      <Loaded answer={answer} height={280}>
        {(record) => {
          const where = `${record.topic}/${record.partition}/${record.offset}`;
          return (
            <RecordBody record={record}>
              <Fact name="Place">
                <Copyable text={where} label="Copy the place" />
              </Fact>
              <Fact name="Written">
                {formatTime(record.at, zone.value)}, {formatBytes(record.bytes)}
              </Fact>
            </RecordBody>
          );
        }}
      </Loaded>
    </Panel>
  );
}
