import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser, Page } from 'playwright-core';
import { visit } from '../../helpers/browser.ts';
import type { Child } from '../child.ts';
import type { Measure } from '../report.ts';

const refreshMs = 2_000;
/** Turns that fill what is kept anyway: compiled code, the charts' caches. */
const warmUpTurns = 100;
const warmUpMs = 10_000;
/** Rows a second: far more than the tail shows. */
const perSecond = 500;

/** The overview refreshed as often as in an hour, its clock wound on; what its heap grew after the warm-up. */
export async function measureHour(browser: Browser, url: string, turns: number): Promise<Measure> {
  const { page } = await visit(browser, url, { withClock: true });
  const usedMb = await heapOf(page);
  const turn = async (): Promise<void> => {
    const answered = page.waitForResponse((response) => response.url().includes('/stats?'));
    await page.clock.runFor(refreshMs);
    await answered;
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
