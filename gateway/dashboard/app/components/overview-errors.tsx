import type { ErrorGroups, WithSql } from '../api/answers.ts';
import { useAnswer } from '../api/use-answer.ts';
import { formatAgo, formatShort } from '../lib/format.ts';
import { linkTo } from '../lib/location.ts';
import { now } from '../lib/refresh.ts';
import { Panel } from './panel.tsx';
import { Loaded } from './states.tsx';

/** The most frequent failures of the last quarter of an hour. */
export function OverviewErrors({ pipeline }: { pipeline: string }) {
  const answer = useAnswer<ErrorGroups & WithSql>(linkTo('/v1/stats/errors', { pipeline, window: '15m', limit: 6 }));
  return (
    <Panel title="Failures" hint="most frequent, 15 min" actions={<a href={linkTo('/errors', { pipeline })}>All</a>}>
      <Loaded answer={answer} height={200}>
        {({ groups }) =>
          groups.length === 0 ? (
            <p class="quiet">None.</p>
          ) : (
            <ul class="error-list">
              {groups.map((group) => (
                <li key={`${group.stage} ${group.fingerprint}`}>
                  <span class="error-count num">{formatShort(group.errors)}</span>
                  <b class="mono clip">{group.code}</b>
                  <span class="hint num">{formatAgo(group.lastSeen, now.value)}</span>
                  <bdi class="error-message clip">
                    {group.stage}: {group.message}
                  </bdi>
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </Panel>
  );
}
