import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser, Page } from 'playwright-core';
import { visit } from '../../helpers/browser.ts';
import type { Child } from '../child.ts';
import type { Measure } from '../report.ts';

const refreshMs = 2_000;
const partsOfOverview = 3;
/** Turns that fill what is kept anyway: compiled code, the charts' caches. */
const warmUpTurns = 100;
const warmUpMs = 10_000;
/** Rows a second: far more than the tail shows. */
const perSecond = 500;

/** In place of the gateway's stream one that tells, at `refresh()`, what the watched paths answer at that moment. */
const woundOn = `
  const plain = fetch;
  const eventOf = (watch, body) =>
    'event: answer\\ndata: {"watch":' + JSON.stringify(watch) + ',"status":200,"body":' + body + '}\\n\\n';
  const streamOf = (watched) =>
    new ReadableStream({
      start(stream) {
        window.refresh = async () => {
          for (const watch of watched) {
            const body = await (await plain(watch)).text();
            stream.enqueue(new TextEncoder().encode(eventOf(watch, body)));
          }
          return watched.length;
        };
      },
    });
  window.fetch = async (path, init) =>
    path.startsWith('/v1/live') ? new Response(streamOf(new URL(path, location).searchParams.getAll('watch'))) : plain(path, init);
`;

/** The overview refreshed as often as in an hour, its clock wound on; what its heap grew after the warm-up. */
export async function measureHour(browser: Browser, url: string, turns: number): Promise<Measure> {
  const { page } = await visit(browser, url, { withClock: true, script: woundOn });
  await page.locator('.error-list').waitFor();
  await page.clock.runFor(refreshMs);
  const usedMb = await heapOf(page);
  const turn = async (): Promise<void> => {
    await page.clock.runFor(refreshMs);
    const told = await page.evaluate<number>('window.refresh()');
    if (told !== partsOfOverview) throw new Error(`${told} parts of the overview were told`);
  };
  for (let index = 0; index < warmUpTurns; index += 1) await turn();
  const before = await usedMb();
  for (let index = 0; index < turns; index += 1) await turn();
  const after = await usedMb();
  await page.context().close();
  const what = `heap of the overview grew in ${turns} refreshes, from ${before.toFixed(1)}`;
  return { what, unit: 'MiB', values: [after - before], target: { atMost: 1 } };
}

/** The live tail while more comes than can be shown. */
export async function measureTail(browser: Browser, gateway: Child, url: string, ms: number): Promise<Measure> {
  const { page } = await visit(browser, `${url}/tasks?tail=1`);
  const usedMb = await heapOf(page);
  await page.getByText('listening').waitFor();
  await gateway.call('tell', { perSecond });
  await sleep(warmUpMs);
  const before = await usedMb();
  await sleep(ms);
  const after = await usedMb();
  await page.context().close();
  const what = `heap of the live tail grew in ${ms / 1_000} s, from ${before.toFixed(1)}`;
  return { what, unit: 'MiB', values: [after - before], target: { atMost: 1 } };
}

/** After the garbage was collected, MiB. */
async function heapOf(page: Page): Promise<() => Promise<number>> {
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.enable');
  return async () => {
    await session.send('HeapProfiler.collectGarbage');
    const { usedSize } = await session.send('Runtime.getHeapUsage');
    return usedSize / 2 ** 20;
  };
}
