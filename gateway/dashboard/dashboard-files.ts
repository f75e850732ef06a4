import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

export interface DashboardFile {
  readonly bytes: Buffer;
  readonly gzipped: Buffer;
  readonly type: string;
  readonly etag: string;
  /** Its name says what is in it, so it may be kept for ever. */
  readonly isImmutable: boolean;
}

export type DashboardFiles = ReadonlyMap<string, DashboardFile>;

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};
const builtFolder = new URL('./files/', import.meta.url);

/** By name. Built files in a built package; in a run from source they are bundled now. */
export async function loadDashboardFiles(): Promise<DashboardFiles> {
  const sources = (await readBuilt()) ?? (await bundleFromSource());
  const files = [...sources].map(async ([name, bytes]) => [name, await fileOf(name, bytes)] as const);
  return new Map(await Promise.all(files));
}

async function readBuilt(): Promise<ReadonlyMap<string, Buffer> | undefined> {
  const names = await readdir(builtFolder).catch(() => undefined);
  if (!names) return undefined;
  return new Map(
    await Promise.all(names.map(async (name) => [name, await readFile(new URL(name, builtFolder))] as const)),
  );
}

/** esbuild is a tool of development: only a clone has it, and only a clone runs from source. */
async function bundleFromSource(): Promise<ReadonlyMap<string, Buffer>> {
  const bundler: { bundleDashboard(): Promise<ReadonlyMap<string, Buffer>> } = await import(
    new URL('./bundle.mjs', import.meta.url).href
  );
  return bundler.bundleDashboard();
}

async function fileOf(name: string, bytes: Buffer): Promise<DashboardFile> {
  return {
    bytes,
    gzipped: await promisify(gzip)(bytes, { level: 9 }),
    type: types[extname(name)] ?? 'application/octet-stream',
    etag: `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`,
    isImmutable: name !== 'index.html',
  };
}
