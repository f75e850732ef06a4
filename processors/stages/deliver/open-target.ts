import { fileURLToPath } from 'node:url';
import { PenstockError } from '../../../schemas/errors.ts';
import type { S3Options } from '../../blobs/s3-client.ts';
import { folderTarget } from './folder-target.ts';
import { httpTarget } from './http-target.ts';
import { s3Target } from './s3-target.ts';
import type { UploadTarget } from './upload-target.ts';

/** `file:///folder`, `s3://bucket/prefix` or `http(s)://host/prefix` (PUT). Nothing is opened before the first put. */
export function openTarget(uploadUrl: string, s3: S3Options, idleTimeoutMs: number): UploadTarget {
  if (uploadUrl.startsWith('file:///')) return folderTarget(fileURLToPath(uploadUrl));
  if (uploadUrl.startsWith('s3://')) return s3Target(uploadUrl, s3);
  if (/^https?:\/\//.test(uploadUrl) && URL.canParse(uploadUrl)) return httpTarget(uploadUrl, idleTimeoutMs);
  throw new PenstockError(
    'PIPE_CONFIG_INVALID',
    'the upload address reads file:///…, s3://bucket/prefix or http(s)://…',
  );
}
