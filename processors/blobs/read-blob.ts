import { createHash } from 'node:crypto';
import { pipeline, type Readable, Transform } from 'node:stream';
import { PenstockError } from '../../schemas/errors.ts';
import { checkBlobKey } from './blob-key.ts';
import type { BlobRef, BlobStore } from './blob-store.ts';

function corrupt(ref: BlobRef, readBytes: number): PenstockError {
  return new PenstockError('PIPE_BLOB_CORRUPT', `blob ${ref.key} is not what the task refers to`, {
    context: { key: ref.key, expectedBytes: ref.sizeBytes, readBytes, expectedSha256: ref.sha256 },
  });
}

function verifier(ref: BlobRef): Transform {
  const hash = createHash('sha256');
  let readBytes = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      readBytes += chunk.length;
      hash.update(chunk);
      if (readBytes > ref.sizeBytes) done(corrupt(ref, readBytes));
      else done(null, chunk);
    },
    flush(done) {
      const isSame = readBytes === ref.sizeBytes && hash.digest('hex') === ref.sha256;
      done(isSame ? null : corrupt(ref, readBytes));
    },
  });
}

/**
 * The bytes of a reference, checked while they pass: the stream fails with PIPE_BLOB_CORRUPT before its end when size or
 * sha256 differ, so whoever writes it elsewhere must finish only after the end.
 */
export async function readBlob(blobs: BlobStore, ref: BlobRef, signal?: AbortSignal): Promise<Readable> {
  const source = await blobs.get(checkBlobKey(ref.key), signal === undefined ? {} : { signal });
  // The reader of the result sees every error there; the callback has nothing to add.
  return pipeline(source, verifier(ref), () => undefined);
}
