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
      ...{ errorCode: 'PIPE_X_BAD', errorFingerprint: 'f', errorMessage: hostileTexts[0] },
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

  it('texts of ten megabytes are cut, inert, and leave the page at hand', async () => {
    const { page, complaints } = await visit(browser, `${system.url}/submit`, { token: 'token' });
    await page.addInitScript("localStorage.setItem('penstock.refresh', 'off')");
    // Sink and Kafka keep such texts out: they are put into the gateway's own answers.
    const answer = async (path: string) => {
      const headers = { authorization: 'Bearer token' };
      return (await fetch(`${system.url}/v1/tasks/${hugeId}${path}`, { headers })).json() as Promise<{
        timeline: readonly object[];
      }>;
    };
    const task = await answer('');
    const timeline = task.timeline.map((entry) => ({ ...entry, errorMessage: hugeText }));
    const record = { ...(await answer('/record')), payload: hugeText };
    await page.route(`**/v1/tasks/${hugeId}`, (route) =>
      route.fulfill({ json: { ...task, timeline, result: hugeText } }),
    );
    await page.route('**/record*', (route) => route.fulfill({ json: record }));
    await page.goto(`${system.url}/tasks/${hugeId}`);
    await page.locator('.task-errors .foreign').waitFor();
    await page.getByLabel('Payload', { exact: true }).waitFor();
    expect((await page.locator('main').textContent())?.length).toBeLessThan(20_000);
    for (const label of ['Payload', 'Result']) {
      expect((await page.getByLabel(label, { exact: true }).inputValue()).length).toBe(20_000);
    }
    await page.keyboard.press('?');
    await page.getByRole('dialog').waitFor();
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
