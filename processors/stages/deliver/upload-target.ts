import type { Readable } from 'node:stream';
import type { BlobRef } from '../../blobs/blob-store.ts';

export interface UploadObject {
  /** Safe, without folder; the same task gives the same name. */
  readonly name: string;
  readonly blob: BlobRef;
}

/** A place for finished objects. */
export interface UploadTarget {
  /** Host whose health the breaker watches; undefined: none, as for a folder. */
  readonly host: string | undefined;
  /**
   * Stores the object whole or not at all, over an older one of its name, and resolves when the target has it with the
   * right size and, where the target tells it, hash. `bytes` fails before its end when they are not those of the blob.
   */
  put(object: UploadObject, bytes: Readable, signal: AbortSignal): Promise<void>;
}
