import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { detectContent } from '../../../processors/stages/convert/detect-content.ts';
import { defaultTableLimits } from '../../../processors/stages/convert/limits.ts';
import { createTableWorkers } from '../../../processors/stages/convert/table-workers.ts';
import { defaultThumbnailLimits, makeThumbnail } from '../../../processors/stages/convert/thumbnail.ts';

/*
 * The baseline: what somebody writes who needs the files once. Fetch, convert with the same converters, write; so many at
 * a time. No queue, no history, no retry, nothing survives a crash.
 */

interface Job {
  readonly urls: readonly string[];
  readonly outputFolder: string;
  readonly concurrency: number;
}

const never = new AbortController().signal;
const workers = createTableWorkers();

async function readHead(path: string, bytes: number): Promise<Buffer> {
  const file = await open(path);
  const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(bytes), position: 0 });
  await file.close();
  return buffer.subarray(0, bytesRead);
}

async function convert(input: string, name: string, contentType: string, output: string): Promise<void> {
  const head = await readHead(input, 65_536);
  const content = await detectContent(head, { name, contentType }, head.length < 65_536);
  if (content.kind === 'image') return writeFile(output, await makeThumbnail(input, defaultThumbnailLimits));
  if (content.kind === 'table') {
    const job = { format: content.format, inputPath: input, outputPath: output, limits: defaultTableLimits };
    if ((await workers.run(job, never)).kind === 'table') return;
  }
  await pipeline(createReadStream(input), createGzip(), createWriteStream(output));
}

async function work(url: string, index: number, folder: string, outputFolder: string): Promise<void> {
  const response = await fetch(url);
  if (!response.ok || response.body === null) throw new Error(`${url}: ${response.status}`);
  const input = join(folder, String(index));
  await pipeline(Readable.fromWeb(response.body), createWriteStream(input));
  const name = new URL(url).pathname.split('/').at(-1) ?? '';
  await convert(input, name, (response.headers.get('content-type') ?? '').split(';')[0] ?? '', `${input}.out`);
  await rename(`${input}.out`, join(outputFolder, `${index}-${name}`));
  await rm(input);
}

async function main(): Promise<void> {
  const [jobFile = ''] = process.argv.slice(2);
  const { urls, outputFolder, concurrency } = JSON.parse(await readFile(jobFile, 'utf8')) as Job;
  const folder = await mkdtemp(join(tmpdir(), 'bare-script-'));
  const since = performance.now();
  let next = 0;
  const hand = async (): Promise<void> => {
    for (let index = next++; index < urls.length; index = next++) {
      await work(urls[index] ?? '', index, folder, outputFolder);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, hand));
  const elapsedMs = performance.now() - since;
  await rm(folder, { recursive: true });
  if (!process.stdout.write(`${elapsedMs}\n`)) await once(process.stdout, 'drain');
}

await main();
