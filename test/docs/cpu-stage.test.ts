import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { makeTempDir } from '../helpers/temp-dir.ts';
import { readBlocks, sectionOf } from './page.ts';

/** The section of docs/adding-a-stage.md on work for child processes: its files compile, and do what it says. */
const section = sectionOf(readFileSync('docs/adding-a-stage.md', 'utf8'), '## 5. A stage that computes');
const ours = { "'penstock/stage'": resolve('processors/stage.ts'), "'penstock'": resolve('processors/index.ts') };

/** Both files, with Penstock taken from here. */
function writeFiles(): string[] {
  const folder = makeTempDir();
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  return readBlocks(section).flatMap(({ words, text }) => {
    const file = join(folder, words.get('file') ?? '');
    const code = Object.entries(ours).reduce((done, [name, path]) => done.replaceAll(name, `'${path}'`), text);
    writeFileSync(file, code);
    return [file];
  });
}

it('compiles', () => {
  const flags = ['--noEmit', '--ignoreConfig', '--strict', '--skipLibCheck', '--allowImportingTsExtensions'];
  const target = ['--module', 'nodenext', '--target', 'es2023', '--types', 'node'];
  const tsc = resolve('node_modules/typescript/bin/tsc');
  const { stdout, status } = spawnSync(process.execPath, [tsc, ...flags, ...target, ...writeFiles()], {
    encoding: 'utf8',
  });
  expect(stdout).toBe('');
  expect(status).toBe(0);
});

it('computes, rejects, and is killed when its time is over', async () => {
  const [, pipelineFile = ''] = writeFiles();
  const { default: pipeline } = await import(pathToFileURL(pipelineFile).href);
  const [stage] = pipeline.stages;
  onTestFinished(() => stage.process.close());
  expect(stage).toMatchObject({ name: 'digest', concurrency: 2 });
  const run = (rounds: number, signal = new AbortController().signal) =>
    stage.process({ payload: { text: 'secret', rounds } }, { signal });
  const sha256 = (bytes: Buffer | string) => createHash('sha256').update(bytes).digest();
  expect(await run(2)).toEqual({ stage: 'show', payload: { hash: sha256(sha256('secret')).toString('hex') } });
  await expect(run(50_000_001)).rejects.toMatchObject({ code: 'PIPE_STAGE_REJECTED' });
  const controller = new AbortController();
  const killed = run(50_000_000, controller.signal);
  controller.abort(new Error('time is over'));
  await expect(killed).rejects.toThrow('time is over');
  expect(await run(0)).toMatchObject({ stage: 'show' });
});
