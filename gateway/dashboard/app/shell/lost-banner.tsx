import { lostSince } from '../api/request.ts';
import { formatAgo, formatClock } from '../lib/format.ts';
import { now } from '../lib/refresh.ts';
import { zone } from '../lib/settings.ts';

/** Laid over the page, so that nothing below it moves. */
export function LostBanner() {
  const since = lostSince.value;
  if (since === undefined) return null;
  return (
    <div class="lost" role="alert">
      The gateway does not answer since {formatClock(since, zone.value)} ({formatAgo(since, now.value)}). What is shown
      is the last that it said; asking again.
    </div>
  );
}
