import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { connectClickHouse } from '../../../processors/sinks/clickhouse.ts';
import { migrate } from '../../../processors/sinks/migrate.ts';
import { startClickHouseProcess } from '../../deploy/clickhouse-process.ts';
import { openBrowser, visit } from '../../helpers/browser.ts';
import { startChild } from '../child.ts';
import type { BenchOptions, Measure, Report } from '../report.ts';
import { fill } from '../stats/fill.ts';
import { measureCrowd } from './crowd.ts';
import { measureHour, measureTail } from './heap.ts';

const sizes = {
  full: { attempts: 10_000_000, looks: 9, hourTurns: 1_800, tailMs: 40_000, crowdMs: 15_000, crowdRounds: 3 },
  quick: { attempts: 1_000_000, looks: 5, hourTurns: 300, tailMs: 20_000, crowdMs: 10_000, crowdRounds: 3 },
};
const database = 'dashboard';

/** The dashboard in a browser: how soon the overview is there, what an hour in a tab costs it, and fifty tabs the gateway. */
export async function benchDashboard({ quick }: BenchOptions): Promise<Report> {
  const size = quick ? sizes.quick : sizes.full;
  const dataDir = await mkdtemp(join(tmpdir(), 'penstock-bench-'));
  const server = await startClickHouseProcess(dataDir);
  const clickhouse = connectClickHouse(
    { url: server.url, user: 'default', password: '', database },
    { requestTimeoutMs: 300_000 },
  );
  const gateway = await startChild(new URL('./processes/gateway', import.meta.url));
  const browser = await openBrowser();
  try {
    await migrate(clickhouse);
    await fill(clickhouse, size.attempts);
    const url = await gateway.call<string>('start', { url: server.url, database });
    const measures = [
      ...(await measurePaint(browser, url, size.looks)),
      await measureHour(browser, url, size.hourTurns),
      ...(await measureCrowd(gateway, url, size.crowdMs, size.crowdRounds)),
      await measureTail(browser, gateway, url, size.tailMs),
    ];
    return { title: `Dashboard over ${size.attempts.toLocaleString('en-US')} attempts`, measures };
  } finally {
    await browser.close();
    await gateway.call('stop');
    await gateway.end();
    await clickhouse.close();
    await server.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** Each in a tab that has nothing kept, from the start of the navigation. */
async function measurePaint(browser: Browser, url: string, looks: number): Promise<Measure[]> {
  const paints: number[] = [];
  const wholes: number[] = [];
  for (let look = 0; look < looks; look += 1) {
    const { page } = await visit(browser, url);
    await page.locator('.error-list').waitFor();
    await page.locator('[aria-busy=true]').first().waitFor({ state: 'detached' });
    wholes.push(await page.evaluate<number>('performance.now()'));
    paints.push(await page.evaluate<number>(`performance.getEntriesByName('first-contentful-paint')[0].startTime`));
    await page.context().close();
  }
  return [
    { what: 'first paint of the overview', unit: 'ms', values: paints, target: { atMost: 1_000 } },
    { what: 'all its figures there', unit: 'ms', values: wholes, target: { atMost: 1_000 } },
  ];
}
