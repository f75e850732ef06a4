import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { PenstockError } from '../../schemas/errors.ts';
import { checkBlobKey } from './blob-key.ts';
import type { BlobRef, BlobStore } from './blob-store.ts';

function corrupt(ref: BlobRef, readBytes: number): PenstockError {
  return new PenstockError('PIPE_BLOB_CORRUPT', `blob ${ref.key} is not what the task refers to`, {
    context: { key: ref.key, expectedBytes: ref.sizeBytes, readBytes, expectedSha256: ref.sha256 },
  });
}

async function* verified(source: Readable, ref: BlobRef): AsyncGenerator<Buffer> {
  const hash = createHash('sha256');
  let readBytes = 0;
  for await (const chunk of source as AsyncIterable<Buffer>) {
    readBytes += chunk.length;
    hash.update(chunk);
    if (readBytes > ref.sizeBytes) throw corrupt(ref, readBytes);
    yield chunk;
  }
  const isSame = readBytes === ref.sizeBytes && hash.digest('hex') === ref.sha256;
  if (!isSame) throw corrupt(ref, readBytes);
}

/**
 * The bytes of a reference, checked while they pass: the stream fails with PIPE_BLOB_CORRUPT before its end when size or
 * sha256 differ, so whoever writes it elsewhere must finish only after the end.
 */
export async function readBlob(blobs: BlobStore, ref: BlobRef, signal?: AbortSignal): Promise<Readable> {
  const source = await blobs.get(checkBlobKey(ref.key), signal === undefined ? {} : { signal });
  return Readable.from(verified(source, ref), { objectMode: false });
}
