import { createHash } from 'node:crypto';
import { PenstockError } from '../../schemas/errors.ts';

const plainPart = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}$/;
const plainId = /^[a-z0-9][a-z0-9_-]{0,63}$/;
const maxKeyLength = 512;

/** Throws PIPE_BLOB_KEY_INVALID unless the key is parts of letters, digits, `._-` joined by single slashes, none hidden. */
export function checkBlobKey(key: string): string {
  if (key.length > 0 && key.length <= maxKeyLength && key.split('/').every((part) => plainPart.test(part))) return key;
  throw new PenstockError('PIPE_BLOB_KEY_INVALID', `blob key ${JSON.stringify(key.slice(0, 80))} is no plain path`);
}

/**
 * The one key under which a stage keeps the blob of a task: a repeat overwrites its own blob. Ids that are not plain,
 * or differ only by case, become a hash; its “sha256.” prefix holds a dot, which no plain id has, so the two never meet.
 */
export function blobKeyOf(task: { readonly pipeline: string; readonly stage: string; readonly id: string }): string {
  const digest = createHash('sha256').update(task.id).digest('hex');
  const name = plainId.test(task.id) ? task.id : `sha256.${digest}`;
  return checkBlobKey(`${task.pipeline}/${task.stage}/${digest.slice(0, 2)}/${name}`);
}
