import { PenstockError } from '../../schemas/errors.ts';

const noSpace = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/** Code of a system error, such as ENOENT. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** Translates what a file system throws; what is ours, or an abort, passes as it is. */
export function storeFailure(error: unknown, doing: string): unknown {
  const code = systemCode(error);
  if (error instanceof PenstockError || code === undefined || code === 'ABORT_ERR') return error;
  if (noSpace.has(code)) {
    return new PenstockError('PIPE_BLOB_STORE_FULL', `no space left while ${doing}`, { cause: error });
  }
  // Only a system error speaks of the store; a reset of the source stream is the caller's to judge.
  const isFileError = error instanceof Error && 'syscall' in error && 'path' in error;
  if (!isFileError) return error;
  return new PenstockError('PIPE_BLOB_STORE_UNAVAILABLE', `${code} while ${doing}`, { cause: error });
}
