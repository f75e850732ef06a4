import { execFile } from 'node:child_process';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { nodeProgramArgs } from '../../../deploy/embedded/node-program.ts';

const script = new URL('./bare-script', import.meta.url);

/** Milliseconds of its work, its start-up left out. */
export async function runBareScript(urls: readonly string[], concurrency: number, folder: string): Promise<number> {
  const outputFolder = join(folder, 'out');
  await mkdir(outputFolder, { recursive: true });
  const jobFile = join(folder, 'job.json');
  await writeFile(jobFile, JSON.stringify({ urls, outputFolder, concurrency }));
  const { stdout } = await promisify(execFile)(process.execPath, [...nodeProgramArgs(script), jobFile]);
  const made = (await readdir(outputFolder)).length;
  if (made !== urls.length) throw new Error(`the bare script made ${made} of ${urls.length} files`);
  return Number(stdout);
}
