import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parquetReadObjects } from 'hyparquet';
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { type AssetsOptions, assetsPipeline } from '../../../processors/pipelines/assets.ts';
import { failureOf, makeContext, makeFolder, makeTask, runOne, serve, sha256 } from './helpers.ts';

const data = join(dirname(createRequire(import.meta.url).resolve('vega-datasets')), '..', 'data');
const s3 = { region: 'us-east-1', forcePathStyle: true };

/** Serves the real files; `/broken.png` is one of them cut in half. */
const serveData = () =>
  serve(async (request, response) => {
    const isBroken = request.url === '/broken.png';
    const bytes = await readFile(join(data, isBroken ? 'ffox.png' : (request.url ?? ''))).catch(() => undefined);
    if (bytes === undefined) response.writeHead(404).end();
    else response.end(isBroken ? bytes.subarray(0, 9000) : bytes);
  });

async function runAll(options: AssetsOptions, payload: unknown, id: string): Promise<void> {
  const ctx = await makeContext();
  let next = payload;
  for (const stage of assetsPipeline(options).stages) {
    next = await runOne(stage, makeTask(next, { id, stage: stage.name }), ctx);
  }
}

it('carries real files from a server to a folder, each to one object', async () => {
  const { url, host } = await serveData();
  const folder = join(await makeFolder(), 'out');
  const options = {
    downloadAllow: [host],
    uploadUrl: pathToFileURL(folder).href,
    s3,
    temporaryFolder: await makeFolder(),
  };
  const csv = await readFile(join(data, 'stocks.csv'));
  for (const _run of [1, 2]) {
    await runAll(options, { url: `${url}/stocks.csv`, sha256: sha256(csv), name: null }, 'task-1');
    await runAll(options, { url: `${url}/ffox.png`, sha256: null, name: 'fox.png' }, 'task-2');
  }
  const [png, table, ...more] = (await readdir(folder)).sort();
  expect(more).toEqual([]);
  expect(png).toMatch(/^fox-[0-9a-f]{16}\.webp$/);
  expect(table).toMatch(/^stocks-[0-9a-f]{16}\.parquet$/);
  const file = new Uint8Array(await readFile(join(folder, table ?? ''))).buffer;
  expect(await parquetReadObjects({ file })).toHaveLength(csv.toString().trim().split('\n').length - 1);
  expect((await sharp(join(folder, png ?? '')).metadata()).format).toBe('webp');
});

it('names the reason of each bad file', async () => {
  const { url, host } = await serveData();
  const uploadUrl = pathToFileURL(await makeFolder()).href;
  const options = { downloadAllow: [host], uploadUrl, s3, temporaryFolder: await makeFolder() };
  const codeOf = async (path: string, hash: string | null = null): Promise<string> =>
    (await failureOf(runAll(options, { url: `${url}${path}`, sha256: hash, name: null }, path))).code;
  expect(await codeOf('/none.csv')).toBe('PIPE_DOWNLOAD_NOT_FOUND');
  expect(await codeOf('/stocks.csv', '0'.repeat(64))).toBe('PIPE_DOWNLOAD_CHECKSUM');
  expect(await codeOf('/broken.png')).toBe('PIPE_TRANSFORM_IMAGE_BROKEN');
});
