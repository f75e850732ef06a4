import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadDemoFiles } from '../../../cli/demo/demo-files.ts';
import { startFileServer } from '../../../cli/demo/file-server.ts';
import { type Pair, type Report, rateMeasures } from '../report.ts';
import { runBareScript } from './run-bare-script.ts';
import { type BenchSystem, startBenchSystem } from './system.ts';

const count = 1_000;
const concurrency = 32;
const rounds = 3;
const smallestBytes = 10_000;
const largestBytes = 200_000;

async function realFiles() {
  const { usual } = await loadDemoFiles();
  return usual.filter(({ bytes }) => bytes.length >= smallestBytes && bytes.length <= largestBytes);
}

const countOutputs = async (folder: string): Promise<number> => (await readdir(folder).catch(() => [])).length;

async function runPenstock(system: BenchSystem, urls: readonly string[]): Promise<number> {
  const before = await countOutputs(system.outputFolder);
  const since = performance.now();
  await system.submit(urls.map((url) => ({ url })));
  while ((await countOutputs(system.outputFolder)) < before + urls.length) await sleep(100);
  return performance.now() - since;
}

/** 1 000 real files of 10–200 KB: download, convert, write; beside a bare script with the same converters. */
export async function benchFiles(): Promise<Report> {
  const usual = await realFiles();
  const server = await startFileServer({ usual, large: [] });
  const folder = await mkdtemp(join(tmpdir(), 'penstock-bench-'));
  const system = await startBenchSystem(join(folder, 'data'), server.address);
  const urlsOf = (round: number) =>
    Array.from(
      { length: count },
      (_, copy) => `${server.url}/files/${usual[copy % usual.length]?.name}?r=${round}&c=${copy}`,
    );
  try {
    await runPenstock(system, urlsOf(-1).slice(0, 100));
    const pairs: Pair[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const urls = urlsOf(round);
      const baselineMs = await runBareScript(urls, concurrency, join(folder, `bare-${round}`));
      const oursMs = await runPenstock(system, urls);
      pairs.push({ ours: (count / oursMs) * 1000, baseline: (count / baselineMs) * 1000 });
    }
    return {
      title: '1 000 real files of 10–200 KB through three stages',
      measures: rateMeasures('files/s', 0.7, pairs),
    };
  } finally {
    await system.stop();
    await server.close();
    await rm(folder, { recursive: true, force: true });
  }
}
