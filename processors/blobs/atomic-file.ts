import { randomUUID } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { createMeter, type Measured } from './measure.ts';
import { systemCode } from './store-failure.ts';
import { writeBytes } from './write-bytes.ts';

export interface AtomicWriteOptions {
  readonly signal?: AbortSignal | undefined;
  readonly maxBytes?: number | undefined;
  /** fsync of the file and its folder before it counts. Default true. */
  readonly durable?: boolean | undefined;
  /** Where the temporary file lies; must be on the same volume. Default: the folder of the target. */
  readonly temporaryFolder?: string | undefined;
  /** Sees what was written before it gets its name; throwing leaves no trace. */
  readonly check?: ((measured: Measured) => void) | undefined;
}

const temporaryMark = '.penstock-tmp';

/** Some file systems cannot sync a folder (Windows, network mounts); the rename is then as safe as they make it. */
const cannotSyncFolder = new Set(['EPERM', 'EISDIR', 'EINVAL', 'ENOTSUP']);

async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, 'r');
    await handle.sync().finally(() => handle.close());
  } catch (error) {
    if (!cannotSyncFolder.has(systemCode(error) ?? '')) throw error;
  }
}

/** Makes the folder; a new one is only durable once the folders that list it are synced. */
export async function makeFolder(folder: string, durable: boolean): Promise<void> {
  const first = await mkdir(folder, { recursive: true });
  if (first === undefined || !durable) return;
  for (let at = folder; at.length >= first.length; at = dirname(at)) await syncFolder(dirname(at));
}

async function fill(handle: FileHandle, bytes: Readable, options: AtomicWriteOptions): Promise<Measured> {
  const meter = createMeter(options.maxBytes);
  await writeBytes(handle, bytes, { signal: options.signal, see: meter.add });
  const measured = meter.measured();
  options.check?.(measured);
  if (options.durable !== false) await handle.datasync();
  return measured;
}

/** Runs it again where its folder was missing. Whoever empties a store by hand must not stop running workers. */
export async function withFolder<T>(folder: string, durable: boolean, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
    await makeFolder(folder, durable);
    return work();
  }
}

/**
 * Writes all bytes or nothing: under a temporary name, synced, then renamed over whatever stood there. The
 * folder of the target must exist.
 */
export async function writeFileAtomically(
  path: string,
  bytes: Readable,
  options: AtomicWriteOptions = {},
): Promise<Measured> {
  const durable = options.durable !== false;
  const folder = options.temporaryFolder ?? dirname(path);
  const temporary = join(folder, `.${basename(path).slice(0, 100)}.${randomUUID()}${temporaryMark}`);
  try {
    const handle = await withFolder(folder, durable, () => open(temporary, 'wx', 0o644));
    const measured = await fill(handle, bytes, options).finally(() => handle.close());
    options.signal?.throwIfAborted();
    await rename(temporary, path);
    if (durable) await syncFolder(dirname(path));
    return measured;
  } catch (error) {
    bytes.destroy();
    await rm(temporary, { force: true });
    throw error;
  }
}

const isTemporaryFile = (name: string): boolean => name.endsWith(temporaryMark);
const dayMs = 24 * 3_600_000;

/**
 * Removes what a killed process left. Age tells it from what is being written: a write touches its file, and none rests
 * for a day. What vanishes meanwhile, or cannot be removed, is left to the next sweep. Gives the number removed.
 */
export async function sweepTemporaryFiles(
  folder: string,
  isOurs: (name: string) => boolean = isTemporaryFile,
  olderThanMs = dayMs,
): Promise<number> {
  const names = await readdir(folder);
  const limit = Date.now() - olderThanMs;
  const swept = names.filter(isOurs).map(async (name) => {
    const path = join(folder, name);
    if ((await stat(path)).mtimeMs > limit) return 0;
    await rm(path, { recursive: true });
    return 1;
  });
  const results = await Promise.allSettled(swept);
  return results.filter((result) => result.status === 'fulfilled' && result.value === 1).length;
}
