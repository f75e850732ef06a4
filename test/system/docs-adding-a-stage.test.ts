import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findFreePort } from '../../deploy/embedded/ports.ts';
import { reportStack } from '../../deploy/embedded/stack-status.ts';
import { packInto, root } from '../docs/built-package.ts';
import { readBlocks, sectionOf } from '../docs/page.ts';
import { type RunOptions, runPage } from '../docs/run-page.ts';

const page = readFileSync('docs/adding-a-stage.md', 'utf8');
const inside = '## Inside this repository';
const install = 'npm install penstock chdb@3.4.0';
const limitMs = 240_000;

let folder: string;

/** A stack of the reader's own, beside all others. */
async function readerOptions(name: string): Promise<RunOptions & { readonly dataDir: string }> {
  const dataDir = join(folder, `${name}-data`);
  const ports = ['KAFKA', 'REGISTRY', 'CLICKHOUSE', 'HTTP'].map((each) => `PENSTOCK_${each}_PORT`);
  const entries = await Promise.all(ports.map(async (port) => [port, String(await findFreePort())]));
  const env = { ...process.env, ...Object.fromEntries(entries), PENSTOCK_DATA_DIR: dataDir };
  return { folder: join(folder, name), replace: {}, env, limitMs: limitMs - 30_000, dataDir };
}

/** What a clone holds, as far as it is built and run. */
function copyRepository(to: string): void {
  const parts = ['package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json'];
  for (const part of [...parts, 'schemas', 'topics', 'processors', 'gateway', 'client', 'cli', 'deploy']) {
    cpSync(join(root, part), join(to, part), { recursive: true });
  }
  symlinkSync(join(root, 'node_modules'), join(to, 'node_modules'));
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'penstock-docs-'));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('docs/adding-a-stage.md', () => {
  it('works word for word in a package of the reader’s own', { timeout: limitMs }, async () => {
    const options = await readerOptions('outside');
    execFileSync('mkdir', ['-p', options.folder]);
    const frugal = '--prefer-offline --no-audit --no-fund';
    const link = `ln -s ${join(root, 'node_modules', 'chdb')} node_modules/chdb`;
    const replace = { [install]: `npm install ${frugal} ${packInto(folder)}\n${link}` };
    expect(page).toContain(`\n${install}\n`);
    const outside = page.slice(0, page.indexOf(inside));
    const answers = await runPage(outside, { ...options, replace });
    const states = answers('npx penstock submit').split('\n').filter(Boolean);
    expect(states.map((line) => line.replace(/^[0-9a-f-]{36} /, ''))).toEqual([
      ...['succeeded', 'succeeded', 'dead', 'PIPE_STAGE_REJECTED: there is no word in it', 'it is dead'],
    ]);
    expect(await reportStack(options.dataDir)).toMatchObject({ supervisorPid: null });
  });

  it('works word for word in this repository', { timeout: limitMs }, async () => {
    const options = await readerOptions('repository');
    copyRepository(options.folder);
    const section = sectionOf(page, inside);
    const change = readBlocks(section).find(({ language }) => language === 'diff');
    writeFileSync(join(folder, 'change.diff'), change?.text ?? '');
    execFileSync('git', ['apply', join(folder, 'change.diff')], { cwd: options.folder });
    const answers = await runPage(section, options);
    expect(answers('--stage count-words')).toMatch(/^[0-9a-f-]{36} succeeded\n$/);
  });
});
