import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { globSync } from 'tinyglobby';
import { describe, expect, it } from 'vitest';
import { buildProgram } from '../../cli/run-cli.ts';
import { makeTempDir } from '../helpers/temp-dir.ts';
import { readBlocks } from './page.ts';

const pages = ['README.md', 'CONTRIBUTING.md', ...globSync('docs/*.md')].sort();
const readme = readFileSync('README.md', 'utf8');
const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'));

/** GitHub's name for a heading. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(' ', '-');

function anchorsOf(file: string): string[] {
  return [...readFileSync(file, 'utf8').matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => anchorOf(heading));
}

function isThere(page: string, link: string): boolean {
  const [path = '', anchor] = link.split('#');
  const file = path === '' ? page : join(dirname(page), path);
  return existsSync(file) && (anchor === undefined || anchorsOf(file).includes(anchor));
}

/** Every `penstock a b` of a text, with the words that follow as far as they look like commands. */
function commandsIn(text: string): string[][] {
  return [...text.matchAll(/(?<!npm install )\bpenstock ((?:[a-z]+ ?)+)/g)].map(([, words = '']) =>
    words.trim().split(' '),
  );
}

function isCommand(words: readonly string[]): boolean {
  const child = (command: Command | undefined, name: string | undefined) =>
    command?.commands.find((each) => each.name() === name);
  const first = child(buildProgram(), words[0]);
  if (first === undefined) return false;
  return first.commands.length === 0 || first.registeredArguments.length > 0 || child(first, words[1]) !== undefined;
}

describe.each(pages)('%s', (page) => {
  const text = readFileSync(page, 'utf8');
  const prose = text.replaceAll(/^```.*?^```$/gms, '');

  it('links to files and headings that are there', () => {
    const links = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
    expect(links.filter((link) => !/^https?:/.test(link) && !isThere(page, link))).toEqual([]);
  });

  it('names commands and npm scripts that there are', () => {
    const code = [...prose.matchAll(/`([^`]+)`/g)].map(([, piece = '']) => piece);
    const shown = readBlocks(text).filter(({ language }) => language === 'sh' || language === 'console');
    const spoken = [...code, ...shown.map((block) => block.text)];
    expect(spoken.flatMap(commandsIn).filter((words) => !isCommand(words))).toEqual([]);
    const called = spoken.flatMap((piece) => [...piece.matchAll(/\bnpm run ([\w:-]+)/g)].map(([, name = '']) => name));
    expect(called.filter((name) => !(name in scripts))).toEqual([]);
  });
});

describe('README.md', () => {
  it('shows the two commands and the output of the demo before line 30', () => {
    const [commands, output] = readBlocks(readme);
    expect(commands?.text).toMatch(/^npm run demo .*\nnpm start /);
    expect(output).toMatchObject({ language: 'text', text: expect.stringContaining('ok, 40 dead, as expected.') });
    expect(readme.split('\n').findIndex((line) => line.includes('as expected.'))).toBeLessThan(29);
  });

  it('has a stage that makes a pipeline', async () => {
    const { default: pipeline } = await import(writeStages('README.md'));
    expect(pipeline).toMatchObject({ name: 'orders', stages: [{ name: 'price' }, { name: 'send' }] });
    const [price] = pipeline.stages;
    expect(price.process({ payload: { lines: [250, 1200] } })).toMatchObject({
      stage: 'send',
      payload: { cents: 1450 },
    });
    expect(() => price.process({ payload: { lines: [] } })).toThrow('without lines');
  });
});

it('the stages of the pages compile under strict rules', () => {
  const files = ['README.md', 'docs/adding-a-stage.md'].map(writeStages);
  const rules = ['--strict', '--noUncheckedIndexedAccess', '--exactOptionalPropertyTypes', '--skipLibCheck'];
  const target = ['--module', 'nodenext', '--target', 'es2023', '--types', 'node', '--allowImportingTsExtensions'];
  const args = [
    resolve('node_modules/typescript/bin/tsc'),
    '--noEmit',
    '--ignoreConfig',
    ...rules,
    ...target,
    ...files,
  ];
  const { stdout, status } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  expect(stdout).toBe('');
  expect(status).toBe(0);
});

/** The first TypeScript of a page, in a file that takes Penstock from here. */
function writeStages(page: string): string {
  const source = readBlocks(readFileSync(page, 'utf8')).find(({ language }) => language === 'ts');
  const file = join(makeTempDir(), 'stages.ts');
  writeFileSync(file, source?.text.replace("'penstock'", `'${resolve('processors/index.ts')}'`) ?? '');
  return file;
}
