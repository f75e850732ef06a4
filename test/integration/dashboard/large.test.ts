import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeEnvelope } from '../../../schemas/envelope.ts';
import { browserPath, openBrowser, untilShown, visit } from '../../helpers/browser.ts';
import { anAttempt } from '../../processors/sinks/attempts.ts';
import { type DashboardSystem, hostileTexts, startDashboardSystem, storeAttempts } from './system.ts';

let browser: Browser;
let system: DashboardSystem;

const tasks = 10_000;
const hugeId = 'huge';
/** 10 MB, hostile at both ends. */
const hugeText = `${hostileTexts[0]}${'x'.repeat(10_000_000)}${hostileTexts[0]}`;
const hostileHeader = hostileTexts[0];

describe.skipIf(browserPath === undefined)('much of it, in a browser', () => {
  beforeAll(async () => {
    browser = await openBrowser();
    system = await startDashboardSystem('nothing');
    const now = Date.now();
    const many = Array.from({ length: tasks }, (_, index) => {
      const eventTime = now - 1_000 - index * 50;
      return anAttempt({ taskId: `t${index}`, eventTime, startedAt: eventTime, submittedAt: eventTime, offset: index });
    });
    await storeAttempts(system.clickhouse, system.name, 'upload', many, 0);
    const topic = `${system.name}.download`;
    const producer = await system.broker.producer();
    const value = Buffer.from(JSON.stringify({ url: `${hostileTexts[0]}${'y'.repeat(500_000)}` }));
    const headers = { penstock: writeEnvelope({ id: hugeId }), [hostileHeader]: hostileTexts[1] };
    await producer.send([{ topic, partition: 0, key: hostileTexts[0], value, headers }]);
    await producer.close();
    const dead = anAttempt({
      ...{ taskId: hugeId, eventTime: now, startedAt: now, submittedAt: now - 900_000, outcome: 'dead' as const },
      ...{ errorCode: 'PIPE_X_BAD', errorFingerprint: 'f', errorMessage: hugeText },
    });
    await storeAttempts(system.clickhouse, system.name, 'download', [dead], 1);
  });

  afterAll(async () => {
    await browser?.close();
    await system?.close();
  });

  it('ten thousand tasks are paged to the last, a hundred at a time', async () => {
    const { page, complaints } = await visit(browser, `${system.url}/tasks?search=t99`, { token: 'token' });
    await untilShown(page);
    await page.getByText('100 shown').waitFor();
    await page.getByRole('link', { name: 'Older' }).click();
    await page.getByText('11 shown').waitFor();
    expect(await page.getByRole('link', { name: 'Older' }).count()).toBe(0);
    await page.goto(`${system.url}/tasks?until=${Date.now()}&window=1d`);
    await untilShown(page);
    for (const nth of [1, 2, 3]) {
      const first = await page.locator('.task-table tbody tr').first().textContent();
      await page.getByRole('link', { name: 'Older' }).click();
      await page
        .locator('.task-table tbody tr')
        .first()
        .filter({ hasNotText: first ?? '' })
        .waitFor();
      expect(await page.locator('.task-table tbody tr').count(), `page ${nth}`).toBe(100);
    }
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('a text of ten megabytes is cut, inert, and keeps no page busy', async () => {
    const { page, complaints } = await visit(browser, `${system.url}/tasks/${hugeId}`, { token: 'token' });
    await page.locator('.task-errors .foreign').waitFor();
    const shown = (await page.locator('.task-errors .foreign').textContent()) ?? '';
    expect(shown.startsWith(hostileTexts[0])).toBe(true);
    expect(shown.length).toBe(4_000);
    await page.goto(`${system.url}/errors?group=download.f`);
    await page.locator('.detail .foreign').waitFor();
    expect((await page.locator('main').textContent())?.length).toBeLessThan(20_000);
    expect(await page.evaluate('window.harmed')).toBeUndefined();
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('a payload and its headers are shown as text, with where they are stored', async () => {
    const { page, complaints } = await visit(browser, `${system.url}/tasks/${hugeId}`, { token: 'token' });
    const payload = page.getByLabel('Payload', { exact: true });
    await payload.waitFor();
    expect(await payload.inputValue()).toContain('onerror=');
    expect((await payload.inputValue()).length).toBe(20_000);
    const facts = page.locator('.detail .facts');
    expect(await facts.locator('dt', { hasText: '<img src=x' }).count()).toBe(1);
    expect(await facts.textContent()).toContain(`${system.name}.download/0/0`);
    expect(await page.locator('main img, main script').count()).toBe(0);
    expect(await page.evaluate('window.harmed')).toBeUndefined();
    expect(complaints).toEqual([]);
    await page.context().close();
  });
});
