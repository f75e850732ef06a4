import { dirname, resolve } from 'node:path';
import { PenstockError } from '../../../schemas/errors.ts';
import { withFolder, writeFileAtomically } from '../../blobs/atomic-file.ts';
import { folderGuard, pathBelow } from '../../blobs/folder-path.ts';
import type { Measured } from '../../blobs/measure.ts';
import { storeFailure, systemCode } from '../../blobs/store-failure.ts';
import { differs } from './upload-failure.ts';
import type { UploadObject, UploadTarget } from './upload-target.ts';

const wrongKind = new Set(['EISDIR', 'ENOTDIR', 'ENOTEMPTY', 'EEXIST']);

function folderFailure(error: unknown, name: string): unknown {
  const translated = storeFailure(error, `writing ${name}`);
  const isOther = translated instanceof PenstockError && translated.code === 'PIPE_BLOB_STORE_UNAVAILABLE';
  if (!isOther) return translated;
  const code = systemCode(error) ?? 'no code';
  return wrongKind.has(code)
    ? new PenstockError('PIPE_UPLOAD_REFUSED', `${name} cannot be written: ${code}`, { cause: error })
    : new PenstockError('PIPE_UPLOAD_UNAVAILABLE', `${name} cannot be written: ${code}`, { cause: error });
}

function checkSame({ name, blob }: UploadObject, written: Measured): void {
  if (written.sizeBytes !== blob.sizeBytes) throw differs(name, 'size');
  if (written.sha256 !== blob.sha256) throw differs(name, 'sha256');
}

/** Files in one folder: written under a hidden name beside the target, synced, checked, renamed. */
export function folderTarget(folder: string): UploadTarget {
  const base = resolve(folder);
  const guard = folderGuard(base);
  return {
    host: undefined,
    async put(object, bytes, signal) {
      try {
        const path = pathBelow(base, object.name);
        await withFolder(dirname(path), true, () => guard(path));
        await writeFileAtomically(path, bytes, { signal, check: (written) => checkSame(object, written) });
      } catch (error) {
        bytes.destroy();
        throw folderFailure(error, object.name);
      }
    },
  };
}
