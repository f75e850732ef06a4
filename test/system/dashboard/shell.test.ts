import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { browserPath, openBrowser, seriousFindings, untilShown, visit } from '../../helpers/browser.ts';
import { anAttempt } from '../../processors/sinks/attempts.ts';
import { type DashboardSystem, startDashboardSystem, storeAttempts } from './system.ts';

let browser: Browser;
let system: DashboardSystem;

describe.skipIf(browserPath === undefined)('the shell, in a browser', () => {
  beforeAll(async () => {
    browser = await openBrowser();
    system = await startDashboardSystem('work');
  });

  afterAll(async () => {
    await browser?.close();
    await system?.close();
  });

  it('asks for a token, says when it is not known, keeps it for the tab, forgets it on leave', async () => {
    const { page } = await visit(browser, `${system.url}/workers`);
    await page.getByLabel('Token').fill('wrong');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').getByText('not known').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await page.getByLabel('Token').fill('reader');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('heading', { name: 'Workers' }).waitFor();
    await page.reload();
    await page.getByRole('heading', { name: 'Workers' }).waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('Token').waitFor();
    expect(await page.evaluate('Object.keys(sessionStorage).concat(Object.keys(localStorage)).join()')).not.toContain(
      'token',
    );
    await page.context().close();
  });

  it('shows what the role may see and nothing else', async () => {
    const linksOf = async (token: string) => {
      const { page } = await visit(browser, system.url, { token });
      await page.locator('.side-foot', { hasText: '1.2.3' }).waitFor();
      const links = await page.locator('.side-link').allInnerTexts();
      await page.context().close();
      return links;
    };
    expect(await linksOf('reader')).toEqual(expect.arrayContaining(['Overview', 'Workers', 'Topics and groups']));
    const bound = await linksOf('tenant');
    expect(bound).toContain('Overview');
    expect(bound).not.toContain('Workers');
    expect(await linksOf('sender')).not.toContain('Overview');
  });

  it('knows its keys, and keeps what a person likes', async () => {
    const { page } = await visit(browser, system.url, { token: 'token' });
    await untilShown(page);
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    expect(await page.evaluate('document.activeElement.textContent')).toContain('transform');
    await page.keyboard.press('k');
    await page.keyboard.press('Enter');
    await page.waitForURL(/throughput\?.*stage=download/);
    await page.keyboard.press('?');
    await page.getByRole('dialog').getByText('Refresh now').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Dark', exact: true }).click();
    await page.getByRole('button', { name: 'Local', exact: true }).click();
    await page.getByLabel('Refresh', { exact: true }).selectOption('off');
    await page.getByText('Paused').waitFor();
    await page.reload();
    await page.getByRole('button', { name: 'UTC', exact: true }).waitFor();
    expect(await page.evaluate('document.documentElement.dataset.theme')).toBe('dark');
    await page.getByText('Paused').waitFor();
    await page.context().close();
  });

  it('says that the gateway is away, keeps what it knew, and goes on when it is back', async () => {
    const { page } = await visit(browser, system.url, { token: 'token' });
    await untilShown(page);
    await system.stopGateway();
    await page.getByText('The gateway does not answer').waitFor();
    expect(await page.locator('.stage-table tbody tr').count()).toBe(3);
    const streamed = page.waitForResponse((response) => response.url().includes('/v1/live') && response.ok());
    await system.startGateway();
    await page.getByText('The gateway does not answer').waitFor({ state: 'detached' });
    await page.getByText('Live').waitFor();
    await streamed;
    await page.context().close();
  });

  it('shows what changes as the stream tells it, without a question of its own', async () => {
    const { page } = await visit(browser, `${system.url}/tasks`, { token: 'token' });
    const streamed = page.waitForResponse((response) => response.url().includes('/v1/live') && response.ok());
    await page.reload();
    await streamed;
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    const late = anAttempt({ taskId: 'late-one', eventTime: Date.now(), submittedAt: Date.now() });
    await storeAttempts(system.clickhouse, system.name, 'download', [late], 900);
    await page.getByText('late-one').waitFor();
    expect(asked).toEqual([]);
    await page.context().close();
  });

  it('a tab that is not looked at asks nothing and listens to nothing', async () => {
    const { page } = await visit(browser, system.url, { token: 'token', withClock: true });
    const streamed = page.waitForRequest(/\/v1\/live.*stats/);
    await page.reload();
    const stream = await streamed;
    await untilShown(page);
    const ended = page.waitForEvent('requestfailed', (request) => request === stream);
    await page.evaluate(`
      Object.defineProperty(document, 'visibilityState', { get: () => (window.isAway ? 'hidden' : 'visible') });
      window.isAway = true;
      document.dispatchEvent(new Event('visibilitychange'));
    `);
    await ended;
    let requests = 0;
    page.on('request', () => {
      requests += 1;
    });
    await page.clock.runFor(60_000);
    expect(requests).toBe(0);
    const askedAgain = Promise.all([page.waitForRequest(/\/stats\?/), page.waitForRequest(/\/v1\/live/)]);
    await page.evaluate("window.isAway = false; document.dispatchEvent(new Event('visibilitychange'))");
    await askedAgain;
    await page.context().close();
  });
});
