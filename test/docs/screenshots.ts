// npm run docs:screenshots: the pictures of docs/img, taken of the demo while it runs.
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import sharp from 'sharp';
import { runDemo } from '../../cli/demo/run-demo.ts';
import { findFreePort } from '../../deploy/embedded/ports.ts';
import { loadConfig } from '../../schemas/config.ts';
import { messageOf } from '../../schemas/errors.ts';
import { openBrowser, untilShown, type VisitOptions, visit } from '../helpers/browser.ts';

const folder = fileURLToPath(new URL('../../docs/img/', import.meta.url));
/** More than is waited for: the pictures show work that goes on. */
const tasks = 6_000;
const endedBefore = 1_500;
const waitMs = 300_000;

const phone = { viewport: { width: 390, height: 844 }, isMobile: true };
interface Picture extends VisitOptions {
  readonly name: string;
  readonly path: string;
  /** Is pressed before the picture is taken. */
  readonly at?: string;
  /** Shows what changes no more. */
  readonly still?: true;
}

const pictures: readonly Picture[] = [
  { name: 'overview', path: '/' },
  { name: 'overview-dark', path: '/', colorScheme: 'dark' },
  { name: 'latency', path: '/latency?window=5m', colorScheme: 'dark' },
  { name: 'errors', path: '/errors?window=5m' },
  { name: 'pipelines', path: '/pipelines?window=5m' },
  { name: 'tasks', path: '/tasks' },
  { name: 'task', path: '/tasks?state=dead', at: '.task-table a', still: true, colorScheme: 'dark' },
  { name: 'dead-letters', path: '/dead-letters', at: '.letter-table [data-row]', still: true, colorScheme: 'dark' },
  { name: 'submit', path: '/submit', still: true },
  { name: 'phone', path: '/', ...phone },
];

/** They are committed: a palette is enough for flat colours, and makes less than half of it. */
const writeSmall = (picture: Buffer, path: string) =>
  sharp(picture).png({ palette: true, colours: 128, effort: 10, dither: 0 }).toFile(path);

async function takeAll(browser: Browser, url: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const { name, path, at, still, ...options } of pictures) {
    const { page } = await visit(browser, url + path, options);
    await untilShown(page);
    if (at !== undefined) {
      await page.locator(at).first().click();
      await untilShown(page);
    }
    if (!still) await askAgain(page);
    await writeSmall(await page.screenshot(), join(folder, `dashboard-${name}.png`));
    await page.context().close();
    process.stderr.write(`docs/img/dashboard-${name}.png\n`);
  }
}

/** What was asked first may have been asked before the work was in sight. */
async function askAgain(page: Page): Promise<void> {
  const again = page.waitForResponse(/\/v1\/(?!live)/);
  await page.keyboard.press('r');
  await again;
}

async function endedAt(url: string): Promise<number> {
  const answer = await fetch(`${url}/v1/pipelines/assets/stats?window=15m`).catch(() => undefined);
  if (!answer?.ok) return 0;
  const { totals } = (await answer.json()) as { readonly totals: readonly { stage: string; ok: number }[] };
  return totals.find(({ stage }) => stage === 'upload')?.ok ?? 0;
}

const dataDir = await mkdtemp(join(tmpdir(), 'penstock-screenshots-'));
const port = String(await findFreePort());
const url = `http://127.0.0.1:${port}`;
Object.assign(process.env, { PENSTOCK_DATA_DIR: dataDir, PENSTOCK_HTTP_PORT: port });
let leave: (reason: string) => void = () => {};
const interrupted = new Promise<string>((resolve) => {
  leave = resolve;
});
const browser = await openBrowser();
const demo = runDemo(loadConfig(), { tasks, keep: false, interrupted }).catch((error: unknown) => messageOf(error));
try {
  for (const endsAt = Date.now() + waitMs; (await endedAt(url)) < endedBefore; await delay(1_000)) {
    if (Date.now() > endsAt) throw new Error(`fewer than ${endedBefore} tasks ended within ${waitMs} ms`);
  }
  await takeAll(browser, url);
} finally {
  leave('the pictures are taken');
  await browser.close();
  await demo;
  await rm(dataDir, { recursive: true, force: true });
}
