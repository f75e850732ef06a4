import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { pino } from 'pino';
import { expect, it, onTestFinished } from 'vitest';
import { startWorker } from '../../processors/worker.ts';
import { topicsOf } from '../../topics/catalogue.ts';
import { createMemoryBroker } from '../../topics/memory/memory-broker.ts';
import { makeTempDir } from '../helpers/temp-dir.ts';
import { until } from '../helpers/until.ts';
import { jsonCodec } from '../processors/runtime/json-codec.ts';
import { noBlobs } from '../processors/runtime/runner-bench.ts';
import { readBlocks, sectionOf } from './page.ts';

/** The section of docs/adding-a-stage.md on batches: its pipeline compiles, and does what it says. */
const section = sectionOf(readFileSync('docs/adding-a-stage.md', 'utf8'), '## 6. A stage that takes batches');

/** With Penstock taken from here. */
function writePipeline(): string {
  const folder = makeTempDir();
  const [block] = readBlocks(section);
  const file = join(folder, block?.words.get('file') ?? '');
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  writeFileSync(file, block?.text.replace("'penstock'", `'${resolve('processors/index.ts')}'`) ?? '');
  return file;
}

it('compiles', () => {
  const flags = ['--noEmit', '--ignoreConfig', '--strict', '--skipLibCheck', '--allowImportingTsExtensions'];
  const target = ['--module', 'nodenext', '--target', 'es2023', '--types', 'node'];
  const tsc = resolve('node_modules/typescript/bin/tsc');
  const { stdout, status } = spawnSync(process.execPath, [tsc, ...flags, ...target, writePipeline()], {
    encoding: 'utf8',
  });
  expect(stdout).toBe('');
  expect(status).toBe(0);
});

it('ends some tasks, rejects one and tries the one again that it leaves out', async () => {
  const { default: pipeline } = await import(pathToFileURL(writePipeline()).href);
  const broker = createMemoryBroker();
  await (await broker.admin()).createTopics(topicsOf([pipeline]));
  const sizes: number[] = [];
  const log = { write: (line: string) => void sizes.push(...tasksOf(line)) };
  const worker = await startWorker({
    pipelines: [pipeline],
    ...{ broker, codec: jsonCodec(), blobs: noBlobs, logger: pino({ level: 'info' }, log), workerName: 'w' },
  });
  onTestFinished(() => worker.stop());
  const prices: [string, number][] = [
    ['pen', 120],
    ['busy', 5],
    ['ink', -1],
    ['cap', 0],
  ];
  const producer = await broker.producer();
  await producer.send(
    prices.map(([article, cents]) => ({
      topic: 'prices.store',
      key: article,
      partition: 0,
      value: Buffer.from(JSON.stringify({ article, cents })),
    })),
  );
  await until('all to end', () => (worker.stats()[0]?.failed === 2 ? true : undefined));
  expect(worker.stats()[0]).toMatchObject({ done: 2, failed: 2, retried: 2 });
  expect(sizes).toEqual([4, 1, 1]);
});

function tasksOf(line: string): number[] {
  const { msg, tasks } = JSON.parse(line);
  return msg === 'inserted' ? [tasks] : [];
}
