import { setTimeout as sleep } from 'node:timers/promises';
import type { ClickHouse } from '../../processors/sinks/clickhouse.ts';
import { PenstockError } from '../../schemas/errors.ts';
import { startProgressBar } from '../progress-bar.ts';
import { type DemoProgress, readProgress } from './demo-queries.ts';

const pollEveryMs = 400;
/** A retry waits seconds, never this long: with no news for so long something stands still. */
const standstillMs = 90_000;

/** A bar until ClickHouse shows an end for every task. Rejects with PIPE_CLI_DEMO_INCOMPLETE when nothing moves any more. */
export async function watchDemo(clickhouse: ClickHouse, tenant: string, count: number): Promise<DemoProgress> {
  const bar = startProgressBar('ended', count, 'task');
  let last: DemoProgress = { accepted: 0, ok: 0, dead: 0, missing: count };
  let changedAt = Date.now();
  try {
    for (;;) {
      const now = await readProgress(clickhouse, tenant);
      const hasMoved =
        now.ok + now.dead + now.accepted > last.ok + last.dead + last.accepted || now.missing < last.missing;
      if (hasMoved) changedAt = Date.now();
      last = now;
      bar.update(now.ok + now.dead, `(${now.ok} ok, ${now.dead} dead)`);
      if (now.ok + now.dead >= count && now.accepted >= count && now.missing === 0) return now;
      if (Date.now() - changedAt > standstillMs) throw standstill(now, count);
      await sleep(pollEveryMs);
    }
  } finally {
    bar.stop();
  }
}

function standstill({ ok, dead, accepted }: DemoProgress, count: number): PenstockError {
  return new PenstockError(
    'PIPE_CLI_DEMO_INCOMPLETE',
    `nothing has moved for ${standstillMs / 1_000} s: ${accepted} accepted, ${ok} ok and ${dead} dead of ${count}`,
  );
}
