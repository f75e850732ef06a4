import { setTimeout as sleep } from 'node:timers/promises';
import type { Child } from '../child.ts';
import type { Measure } from '../report.ts';

const dashboards = 50;
const refreshMs = 2_000;
/** What an open overview asks at each refresh. */
const asked = [
  '/v1/pipelines',
  '/v1/pipelines/assets/stats?window=15m&step=5s',
  '/v1/stats/errors?pipeline=assets&window=15m&limit=6',
];

/** What fifty open overviews cost the gateway, each at its own time; without the history's own work. */
export async function measureCrowd(gateway: Child, url: string, ms: number): Promise<Measure> {
  const stopping = new AbortController();
  const crowd = Array.from({ length: dashboards }, (_, index) => look(url, index, stopping.signal));
  await sleep(2 * refreshMs);
  const [cpuMs, startedMs] = [await gateway.call<number>('cpuMs'), performance.now()];
  await sleep(ms);
  const usedMs = (await gateway.call<number>('cpuMs')) - cpuMs;
  const share = (100 * usedMs) / (performance.now() - startedMs);
  stopping.abort();
  await Promise.all(crowd);
  return {
    what: `gateway, ${dashboards} dashboards open`,
    unit: '% of a core',
    values: [share],
    target: { atMost: 10 },
  };
}

async function look(url: string, index: number, leaving: AbortSignal): Promise<void> {
  await sleep((index * refreshMs) / dashboards);
  while (!leaving.aborted) {
    const due = sleep(refreshMs);
    await Promise.all(asked.map(async (path) => (await fetch(url + path)).arrayBuffer()));
    await due;
  }
}
