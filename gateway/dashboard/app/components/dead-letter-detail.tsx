import type { DeadLetterDetail as Detail } from '../api/answers.ts';
import { useAnswer } from '../api/use-answer.ts';
import { formatTime, none } from '../lib/format.ts';
import { zone } from '../lib/settings.ts';
import { CopyButton } from './copy-button.tsx';
import { JsonBlock } from './json-block.tsx';
import { Loaded } from './states.tsx';

/** One in full: asked for once, because it does not change. */
export function DeadLetterDetail({ place }: { place: string }) {
  const answer = useAnswer<Detail>(`/v1/dead-letters/${place}`, { once: true });
  return (
    <Loaded answer={answer} height={240}>
      {(letter) => (
        <div class="detail">
          <LetterFacts letter={letter} place={place} />
          {letter.undecoded ? (
            <>
              <p class="is-bad">
                It cannot be decoded: <bdi>{letter.undecoded.reason}</bdi>
              </p>
              <JsonBlock label="Value as text" value={letter.undecoded.text} />
            </>
          ) : (
            <JsonBlock label="Payload" value={letter.payload} />
          )}
        </div>
      )}
    </Loaded>
  );
}

function LetterFacts({ letter, place }: { letter: Detail; place: string }) {
  const time = (ms: number): string => (ms === 0 ? none : formatTime(ms, zone.value));
  return (
    <dl class="facts">
      <dt>Message</dt>
      <dd>
        <bdi class="letter-message">{letter.message || none}</bdi>
      </dd>
      <dt>Failed</dt>
      <dd class="num">
        {time(letter.firstFailedAt)} to {time(letter.lastFailedAt)}
      </dd>
      <dt>Place</dt>
      <dd>
        <span class="mono">{place}</span> <CopyButton text={place} label="Copy the place" shown="Copy" />
      </dd>
      <dt>Read from</dt>
      <dd>
        <bdi class="mono">{letter.origin || none}</bdi>
      </dd>
      <dt>Key</dt>
      <dd>
        <bdi class="mono letter-message">{letter.key ?? none}</bdi>
      </dd>
      {Object.entries(letter.headers).map(([name, value]) => (
        <>
          <dt>
            <bdi class="letter-message">{name}</bdi>
          </dt>
          <dd>
            <bdi class="mono letter-message">{value}</bdi>
          </dd>
        </>
      ))}
    </dl>
  );
}
