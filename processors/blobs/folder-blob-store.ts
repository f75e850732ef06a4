import { constants, createReadStream } from 'node:fs';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { PenstockError } from '../../schemas/errors.ts';
import { makeFolder, sweepTemporaryFiles, withFolder, writeFileAtomically } from './atomic-file.ts';
import { checkBlobKey } from './blob-key.ts';
import type { BlobRef, BlobStore } from './blob-store.ts';
import { folderGuard, pathBelow } from './folder-path.ts';
import { storeFailure, systemCode } from './store-failure.ts';

export interface FolderBlobStoreOptions {
  /** fsync before a put resolves; turn off only where a power cut may cost blobs. Default true. */
  readonly durable?: boolean;
}

/** Keys cannot begin a part with a dot, so no key reaches it. */
const temporaryName = '.tmp';

type Guard = ReturnType<typeof folderGuard>;

async function prepare(base: string, durable: boolean): Promise<string> {
  const temporaryFolder = join(base, temporaryName);
  await makeFolder(temporaryFolder, durable);
  await sweepTemporaryFiles(temporaryFolder);
  return temporaryFolder;
}

async function openBlob(key: string, path: string, guard: Guard): Promise<FileHandle> {
  try {
    await guard(path);
    const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
    if ((await handle.stat()).isFile()) return handle;
    await handle.close();
  } catch (error) {
    const code = systemCode(error);
    if (code !== 'ENOENT' && code !== 'ENOTDIR') throw storeFailure(error, `reading blob ${key}`);
  }
  throw new PenstockError('PIPE_BLOB_NOT_FOUND', `no blob ${key}`, { context: { key } });
}

/** Blobs as files below one folder, which every worker must see. Nothing is touched before the first put. */
export function openFolderBlobStore(folder: string, options: FolderBlobStoreOptions = {}): BlobStore {
  const base = resolve(folder);
  const durable = options.durable ?? true;
  const guard = folderGuard(base);
  const pathOf = (key: string): string => pathBelow(base, checkBlobKey(key));
  let prepared: Promise<string> | undefined;
  const ready = (): Promise<string> => {
    // A failed preparation is not kept: the disk may be mounted a moment later.
    prepared ??= prepare(base, durable).catch((error: unknown) => {
      prepared = undefined;
      throw error;
    });
    return prepared;
  };
  return {
    async put(key, bytes, { contentType, signal, maxBytes }): Promise<BlobRef> {
      try {
        const path = pathOf(key);
        const temporaryFolder = await ready();
        await withFolder(dirname(path), durable, () => guard(path));
        const measured = await writeFileAtomically(path, bytes, { signal, maxBytes, durable, temporaryFolder });
        return { key, ...measured, contentType };
      } catch (error) {
        bytes.destroy();
        throw storeFailure(error, `writing blob ${key}`);
      }
    },
    async get(key, { signal, range } = {}): Promise<Readable> {
      signal?.throwIfAborted();
      const handle = await openBlob(key, pathOf(key), guard);
      return createReadStream('', { fd: handle, ...range, ...(signal === undefined ? {} : { signal }) });
    },
    async delete(key): Promise<void> {
      const path = pathOf(key);
      try {
        await guard(path);
        await rm(path, { force: true });
      } catch (error) {
        if (systemCode(error) !== 'ENOENT') throw storeFailure(error, `deleting blob ${key}`);
      }
    },
  };
}
