import { readFile } from 'node:fs/promises';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { browserPath, openBrowser, seriousFindings, untilShown, visit } from '../../helpers/browser.ts';
import { type DashboardSystem, hostileTexts, startDashboardSystem } from './system.ts';

let browser: Browser;
let system: DashboardSystem;

/** Nothing of what was shown has run, and axe has nothing serious to say. */
async function expectHarmless(page: Page, complaints: string[]): Promise<void> {
  expect(await seriousFindings(page)).toEqual([]);
  expect(await page.evaluate('window.harmed')).toBeUndefined();
  expect(await page.locator('main img, main script').count()).toBe(0);
  expect(complaints).toEqual([]);
  await page.context().close();
}

describe.skipIf(browserPath === undefined)('the pages of tasks, in a browser', () => {
  beforeAll(async () => {
    browser = await openBrowser();
    system = await startDashboardSystem('work');
    const topic = `${system.name}.download.dlq`;
    const admin = await system.broker.admin();
    await admin.createTopics([{ name: topic, partitions: 1, config: {} }]);
    await admin.close();
    const producer = await system.broker.producer();
    const reason = JSON.stringify({ stage: 'download', code: 'PIPE_X_BAD', message: hostileTexts[0], attempts: 3 });
    const value = Buffer.from(JSON.stringify({ url: hostileTexts[1] }));
    await producer.send([{ topic, key: hostileTexts[0], value, headers: { 'penstock-dead': reason } }]);
    await producer.close();
  });

  afterAll(async () => {
    await browser?.close();
    await system?.close();
  });

  it('tasks are filtered, searched, paged and taken along, with all of it in the URL', async () => {
    const { page, complaints } = await visit(browser, `${system.url}/tasks`, { token: 'token' });
    const rows = page.locator('.task-table tbody tr');
    await untilShown(page);
    expect(await rows.count()).toBe(100);
    await page.getByRole('link', { name: 'Older' }).click();
    await page.waitForURL(/cursor=/);
    await page.getByRole('link', { name: 'Newest' }).click();
    await page.getByLabel('State', { exact: true }).selectOption('dead');
    await page.waitForURL(/state=dead/);
    await page.keyboard.press('Escape');
    await page.getByLabel('Search in ids').fill('10 <img');
    await page.keyboard.press('Enter');
    await page.waitForURL(/search=10/);
    await page.locator('.panel-head .hint', { hasText: /^\d{1,2} shown/ }).waitFor();
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'CSV' }).click();
    const text = await readFile(await (await download).path(), 'utf8');
    expect(text).toMatch(/^id,pipeline,stage,state/);
    expect(text).toContain('<img src=x');
    await expectHarmless(page, complaints);
  });

  it('a task shows its stages, its errors as text, and is not cancelled where it has ended', async () => {
    const id = `10 ${hostileTexts[0]}`;
    const { page, complaints } = await visit(browser, `${system.url}/tasks/${encodeURIComponent(id)}`, {
      token: 'token',
    });
    await page.locator('.gantt-run.gantt-dead').waitFor();
    expect(await page.locator('.task-name').textContent()).toBe(id);
    expect(await page.locator('.task-errors li').count()).toBe(1);
    expect(await page.getByRole('button', { name: 'Cancel' }).count()).toBe(0);
    // Rows were stored, records never: the browser itself notes the 410.
    await page.getByText('PIPE_TASK_RECORD_GONE').waitFor();
    expect(complaints.splice(0)).toEqual([expect.stringContaining('status of 410')]);
    await expectHarmless(page, complaints);
  });

  it('a task that is put in by its form is there, and cancelled only after a question that names one', async () => {
    const { page } = await visit(browser, `${system.url}/submit`, { token: 'token' });
    await page.getByLabel('url').fill('ftp://a.example/x');
    await page.getByLabel('sha256').fill(hostileTexts[0]);
    await page.getByRole('button', { name: 'Submit 1 task' }).click();
    await page.getByText('Kafka has it').waitFor();
    await page.locator('.notice-good a').click();
    await page.waitForURL(/\/tasks\//);
    await page.getByRole('button', { name: 'Cancel', exact: true }).click();
    await page.getByRole('dialog').getByRole('heading', { name: 'Cancel 1 task?' }).waitFor();
    await page.getByRole('button', { name: 'Keep' }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    // Recorded or not yet, it can be cancelled; the browser itself notes each 404 of a task that nobody recorded.
    await expectHarmless(page, []);
  });

  it('a payload that does not fit is refused at its field', async () => {
    const { page } = await visit(browser, `${system.url}/submit`, { token: 'token' });
    await page.getByRole('button', { name: 'JSON' }).click();
    await page.getByRole('textbox', { name: 'Payload' }).fill('{"url":7}');
    await page.getByRole('button', { name: 'Submit 1 task' }).click();
    await page.getByRole('alert').getByText('/url', { exact: true }).waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await page.context().close();
  });

  it('a dead letter opens to its reason and payload, as text', async () => {
    const { page, complaints } = await visit(browser, `${system.url}/dead-letters`, { token: 'token' });
    await page.locator('.letter-table [data-row]').first().click();
    await page.getByLabel('Payload').waitFor();
    expect(await page.getByLabel('Payload').inputValue()).toContain('gnp.exe');
    expect(await page.locator('.detail').textContent()).toContain('<img src=x onerror=');
    await expectHarmless(page, complaints);
  });

  it('who may only submit names the pipeline, who may only read has no form', async () => {
    const sender = await visit(browser, `${system.url}/submit`, { token: 'sender' });
    await sender.page.getByLabel('Pipeline').fill(system.name);
    await sender.page.getByLabel('Payload').fill('{"url":"https://a.example/x"}');
    await sender.page.getByRole('button', { name: 'Submit 1 task' }).click();
    await sender.page.getByText('Kafka has it').waitFor();
    expect(await sender.page.locator('.notice-good a').count()).toBe(0);
    await sender.page.context().close();
    const reader = await visit(browser, `${system.url}/tasks`, { token: 'reader' });
    await untilShown(reader.page);
    expect(await reader.page.locator('.side-link', { hasText: 'Submit' }).count()).toBe(0);
    await reader.page.context().close();
  });
});
