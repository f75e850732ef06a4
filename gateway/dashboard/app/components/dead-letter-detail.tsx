import type { DeadLetterDetail as Detail } from '../api/answers.ts';
import { useAnswer } from '../api/use-answer.ts';
import { formatTime, none } from '../lib/format.ts';
import { zone } from '../lib/settings.ts';
import { Copyable } from './copy-button.tsx';
import { Fact } from './fact.tsx';
import { RecordBody } from './record-body.tsx';
import { Loaded } from './states.tsx';

/** One in full: asked for once, because it does not change. */
export function DeadLetterDetail({ place }: { place: string }) {
  const answer = useAnswer<Detail>(`/v1/dead-letters/${place}`, { once: true });
  const time = (ms: number): string => (ms === 0 ? none : formatTime(ms, zone.value));
  return (
    <Loaded answer={answer} height={240}>
      {(letter) => (
        <div class="stack">
          <dl class="facts">
            <Fact name="Message">
              <bdi class="foreign">{letter.message || none}</bdi>
            </Fact>
            <Fact name="Failed">
              {time(letter.firstFailedAt)} to {time(letter.lastFailedAt)}
            </Fact>
          </dl>
          <RecordBody record={letter}>
            <Fact name="Place">
              <Copyable text={place} label="Copy the place" />
            </Fact>
            <Fact name="Read from">
              <bdi class="mono">{letter.origin || none}</bdi>
            </Fact>
          </RecordBody>
        </div>
      )}
    </Loaded>
  );
}
