import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pagePaths } from '../../../gateway/dashboard/page-paths.ts';
import { browserPath, noBrowser, openBrowser, seriousFindings, untilShown, visit } from '../../helpers/browser.ts';
import { type DashboardSystem, startDashboardSystem } from './system.ts';

let browser: Browser;
let system: DashboardSystem;
let empty: DashboardSystem;

if (browserPath === undefined) process.stderr.write(`dashboard tests are skipped: ${noBrowser}\n`);

describe.skipIf(browserPath === undefined)('in a browser', () => {
  beforeAll(async () => {
    browser = await openBrowser();
    system = await startDashboardSystem('work');
    empty = await startDashboardSystem('nothing');
  });

  afterAll(async () => {
    await browser?.close();
    await Promise.all([system?.close(), empty?.close()]);
  });

  const plainPaths = Object.values(pagePaths).filter((path) => !path.includes(':'));

  it.each(plainPaths)('%s shows its data, in the dark too, without a serious finding of axe', async (path) => {
    const { page, complaints } = await visit(browser, system.url + path, { token: 'token' });
    await untilShown(page);
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      await page.locator(`html[data-theme=${colorScheme}]`).waitFor();
      expect(await seriousFindings(page)).toEqual([]);
    }
    expect(await page.locator('[role=alert]').count()).toBe(0);
    expect(complaints).toEqual([]);
    expect(await page.evaluate('window.harmed')).toBeUndefined();
    await page.context().close();
  });

  it.each(plainPaths)('%s has something to say where there is nothing, and fits a phone', async (path) => {
    const viewport = { width: 390, height: 844 };
    const { page, complaints } = await visit(browser, empty.url + path, { token: 'token', viewport });
    await untilShown(page);
    expect((await page.locator('main').textContent())?.length).toBeGreaterThan(20);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390);
    expect(await seriousFindings(page)).toEqual([]);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('the overview has a row for each stage, in rates, times and backlog', async () => {
    const { page } = await visit(browser, `${system.url}/?rate=5m`, { token: 'token' });
    await untilShown(page);
    const rows = page.locator('.stage-table tbody tr');
    expect(await rows.count()).toBe(3);
    const cells = await rows.nth(1).locator('th, td').allInnerTexts();
    expect(cells[0]).toContain('transform');
    expect(Number(cells[3])).toBeGreaterThan(0);
    expect(cells[6]).toMatch(/ms$/);
    expect(cells[8]).toBe('110 ms');
    await page.context().close();
  });

  it('errors open to a message that is text alone, whatever it holds', async () => {
    const { page, complaints } = await visit(browser, `${system.url}/errors`, { token: 'token' });
    await untilShown(page);
    expect(await page.locator('.error-table tbody tr').count()).toBe(3);
    for (let index = 0; index < 3; index += 1) {
      await page.locator('.error-cell a').nth(index).click();
      await page.locator('.detail').waitFor();
      expect(new URL(page.url()).searchParams.get('group')).toMatch(/^download\.f\d$/);
      await untilShown(page);
    }
    await page.goto(`${system.url}/errors?group=download.f0`);
    await untilShown(page);
    expect(await page.locator('.detail .foreign').textContent()).toContain('<img src=x onerror=');
    expect(await page.locator('main img, main script').count()).toBe(0);
    expect(await page.evaluate('window.harmed')).toBeUndefined();
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('a brush over the throughput is a window in the URL, and back is the whole again', async () => {
    const { page } = await visit(browser, `${system.url}/throughput`, { token: 'token' });
    await untilShown(page);
    const plot = page.locator('.u-over').first();
    await plot.waitFor();
    const box = await plot.boundingBox();
    if (!box) throw new Error('the plot has no place');
    await page.mouse.move(box.x + box.width * 0.5, box.y + 40);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.8, box.y + 40, { steps: 4 });
    await page.mouse.up();
    await page.waitForURL(/until=\d+/);
    const seconds = Number(/window=(\d+)s/.exec(page.url())?.[1]);
    expect(Math.abs(seconds - 270)).toBeLessThan(20);
    await page.goBack();
    await page.getByRole('button', { name: '15m', exact: true }).waitFor();
    expect(page.url()).not.toContain('until');
    await page.context().close();
  });
});
