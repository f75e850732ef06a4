import { fileURLToPath } from 'node:url';
import { PenstockError } from '../../schemas/errors.ts';
import type { BlobStore } from './blob-store.ts';
import { openFolderBlobStore } from './folder-blob-store.ts';
import { openS3BlobStore } from './s3-blob-store.ts';
import type { S3Options } from './s3-client.ts';

/** `file:///folder` or `s3://bucket/prefix`. Nothing is opened before the first call of the store. */
export function openBlobStore(blobUrl: string, s3: S3Options): BlobStore {
  if (blobUrl.startsWith('s3://')) return openS3BlobStore(blobUrl, s3);
  if (blobUrl.startsWith('file:///')) return openFolderBlobStore(fileURLToPath(blobUrl));
  throw new PenstockError('PIPE_CONFIG_INVALID', 'the blob store’s address reads file:///folder or s3://bucket/prefix');
}
