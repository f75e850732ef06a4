import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { browserPath, openBrowser, visit } from '../../helpers/browser.ts';
import { type DashboardSystem, startDashboardSystem } from './system.ts';

let system: DashboardSystem;

describe.skipIf(browserPath === undefined)('/docs in a browser', () => {
  beforeAll(async () => {
    system = await startDashboardSystem('nothing');
  });
  afterAll(() => system?.close());

  it('shows every route, opens one, and asks nobody but the gateway', async () => {
    const browser = await openBrowser();
    try {
      const { page, complaints } = await visit(browser, 'about:blank');
      const foreign: string[] = [];
      page.on('request', (request) => {
        if (!/^(data|blob):/.test(request.url()) && !request.url().startsWith(system.url)) foreign.push(request.url());
      });
      await page.goto(`${system.url}/docs`);
      const shown = page.locator('.opblock-summary-path');
      await shown.first().waitFor();
      const { paths } = (await (await fetch(`${system.url}/openapi.json`)).json()) as { paths: Record<string, object> };
      const routes = Object.values(paths).flatMap((methods) => Object.keys(methods));
      expect(await shown.count()).toBe(routes.length);
      await page.locator('.opblock-summary', { hasText: '/record' }).first().click();
      await page.getByText('PIPE_TASK_RECORD_GONE').first().waitFor();
      expect(complaints).toEqual([]);
      expect(foreign).toEqual([]);
    } finally {
      await browser.close();
    }
  });
});
