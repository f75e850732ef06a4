import { setTimeout as sleep } from 'node:timers/promises';
import { readServerEvents } from '../../../client/server-events.ts';
import type { Child } from '../child.ts';
import type { Measure } from '../report.ts';

const dashboards = 50;
const refreshMs = 2_000;
/** What an open overview shows. */
const shown = [
  '/v1/pipelines',
  '/v1/pipelines/assets/stats?window=15m&step=5s',
  '/v1/stats/errors?pipeline=assets&window=15m&limit=6',
];

type Look = (url: string, leaving: AbortSignal) => Promise<void>;

/**
 * What fifty open overviews cost the gateway, each opened at its own time, without the history's own work: told by a
 * stream, as the dashboard is, and as a baseline by asking at each refresh, in turn.
 */
export async function measureCrowd(gateway: Child, url: string, ms: number, rounds: number): Promise<Measure[]> {
  const shares = { told: [] as number[], asking: [] as number[] };
  for (let round = 0; round < rounds; round += 1) {
    shares.told.push(await shareOf(listen, gateway, url, ms));
    shares.asking.push(await shareOf(ask, gateway, url, ms));
  }
  const what = `gateway, ${dashboards} dashboards open`;
  return [
    { what, unit: '% of a core', values: shares.told, target: { atMost: 10 } },
    { what: `${what}, if each asked by itself`, unit: '% of a core', values: shares.asking },
  ];
}

async function shareOf(look: Look, gateway: Child, url: string, ms: number): Promise<number> {
  const stopping = new AbortController();
  const crowd = Array.from({ length: dashboards }, async (_, index) => {
    await sleep((index * refreshMs) / dashboards);
    await look(url, stopping.signal);
  });
  await sleep(2 * refreshMs);
  const [cpuMs, startedMs] = [await gateway.call<number>('cpuMs'), performance.now()];
  await sleep(ms);
  const usedMs = (await gateway.call<number>('cpuMs')) - cpuMs;
  const share = (100 * usedMs) / (performance.now() - startedMs);
  stopping.abort();
  await Promise.all(crowd);
  return share;
}

async function ask(url: string, leaving: AbortSignal): Promise<void> {
  while (!leaving.aborted) {
    const due = sleep(refreshMs);
    await Promise.all(shown.map(async (path) => (await fetch(url + path)).arrayBuffer()));
    await due;
  }
}

async function listen(url: string, leaving: AbortSignal): Promise<void> {
  const watch = shown.map((path) => `&watch=${encodeURIComponent(path)}`).join('');
  const { body } = await fetch(`${url}/v1/live?every=2s${watch}`, { signal: leaving });
  if (!body) throw new Error('a stream without a body');
  try {
    for await (const { name } of readServerEvents(body))
      if (name !== 'answer' && name !== 'same') throw new Error(name);
  } catch (error) {
    if (!leaving.aborted) throw error;
  }
}
