import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

const candidates = [
  process.env.PENSTOCK_CHROMIUM ?? '',
  ...['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/usr/bin/google-chrome-stable'],
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/** Of this machine; undefined: it has none, and what needs it is skipped. */
export const browserPath = candidates.find((path) => path !== '' && existsSync(path));

export const noBrowser = 'no Chromium: apt-get install chromium, or name one in PENSTOCK_CHROMIUM';

export async function openBrowser(): Promise<Browser> {
  if (browserPath === undefined) throw new Error(noBrowser);
  return chromium.launch({ executablePath: browserPath, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
}

export interface Visit {
  readonly page: Page;
  /** What the browser complained of: refusals of the policy, errors nobody caught. */
  readonly complaints: string[];
}

export interface VisitOptions extends BrowserContextOptions {
  readonly token?: string;
  /** Time that the test moves on: `page.clock`. */
  readonly withClock?: boolean;
  /** Run before any of the page's own. */
  readonly script?: string;
}

/** A tab of its own, signed in where a token is named. */
export async function visit(
  browser: Browser,
  url: string,
  { token, withClock = false, script, ...options }: VisitOptions = {},
): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 720 }, ...options });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    // A gateway on a busy machine sheds load: the page asks again, and only the browser complains.
    if (message.text().includes('status of 503')) return;
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  if (token !== undefined) await page.addInitScript(`sessionStorage.setItem('penstock.token', '${token}')`);
  if (script !== undefined) await page.addInitScript(script);
  if (withClock) await page.clock.install();
  await page.goto(url);
  return { page, complaints };
}

/** Until every part of a page has its data. */
export async function untilShown(page: Page): Promise<void> {
  // By locators: the pages' policy lets no test evaluate a text either.
  await page.locator('h1').first().waitFor();
  await page.locator('[aria-busy=true]').first().waitFor({ state: 'detached' });
}

interface AxeFinding {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly { readonly html: string }[];
}

const axeSource = readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe calls serious or critical. */
export async function seriousFindings(page: Page): Promise<string[]> {
  await page.evaluate(await axeSource);
  const violations = await page.evaluate<AxeFinding[]>('axe.run().then((result) => result.violations)');
  const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
  return serious.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 200)).join(' | ')}`);
}
