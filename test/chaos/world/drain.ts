import { setTimeout as sleep } from 'node:timers/promises';
import { attemptsTopic, sinkGroup } from '../../../topics/names.ts';
import type { Admin } from '../../../topics/ports.ts';
import { stallWatch } from './read-topic.ts';

export interface Watched {
  readonly group: string;
  readonly topic: string;
}

export interface Lag {
  readonly behind: readonly string[];
  /** Sum of what is committed: grows while anything goes on. */
  readonly committed: number;
  readonly left: number;
}

const pollMs = 250;

export async function measureLag(admin: Admin, watched: readonly Watched[]): Promise<Lag> {
  const behind: string[] = [];
  let committed = 0;
  let left = 0;
  for (const { group, topic } of watched) {
    const positions = await admin.groupOffsets(group, topic);
    for (const { partition, earliest, latest } of await admin.offsets(topic)) {
      const at = positions.find((each) => each.partition === partition)?.committed?.offset ?? earliest;
      committed += at;
      left += latest - at;
      if (at < latest) behind.push(`${group} is at ${at} of ${latest} in ${topic}/${partition}`);
    }
  }
  return { behind, committed, left };
}

/** Until nothing is left, or until nothing has moved for so long. Answers with what is still behind. */
export async function drain(
  admin: Admin,
  watched: readonly Watched[],
  stallLimitMs: number,
  onProgress: (lag: Lag) => void,
): Promise<readonly string[]> {
  const isStalled = stallWatch(stallLimitMs);
  for (;;) {
    const lag = await measureLag(admin, watched);
    onProgress(lag);
    if (lag.behind.length === 0 || isStalled(lag.committed)) return lag.behind;
    await sleep(pollMs);
  }
}

export const sinkWatched: Watched = { group: sinkGroup, topic: attemptsTopic };
