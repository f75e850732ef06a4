import { Readable } from 'node:stream';
import { DeleteObjectCommand, GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { PenstockError } from '../../schemas/errors.ts';
import { checkBlobKey } from './blob-key.ts';
import type { BlobRef, BlobStore } from './blob-store.ts';
import { createMeter, meterStream } from './measure.ts';
import { connectS3, parseS3Url, type S3Options, s3Key, s3Status } from './s3-client.ts';
import { putS3Object } from './s3-put.ts';

function s3Failure(error: unknown, key: string, signal: AbortSignal | undefined): unknown {
  if (error instanceof PenstockError || signal?.aborted === true) return error;
  const status = s3Status(error);
  if (status === 404) return new PenstockError('PIPE_BLOB_NOT_FOUND', `no blob ${key}`, { context: { key } });
  const reason = status === undefined ? 'no answer' : `status ${status}`;
  return new PenstockError('PIPE_BLOB_STORE_UNAVAILABLE', `blob store: ${reason} for blob ${key}`, { cause: error });
}

/** Blobs as objects of one bucket below a prefix. No connection before the first call. */
export function openS3BlobStore(url: string, options: S3Options): BlobStore {
  const place = parseS3Url(url);
  let connected: S3Client | undefined;
  const client = (): S3Client => {
    connected ??= connectS3(options);
    return connected;
  };
  return {
    async put(key, bytes, { contentType, signal, maxBytes }): Promise<BlobRef> {
      const meter = createMeter(maxBytes);
      try {
        const target = { Bucket: place.bucket, Key: s3Key(place, checkBlobKey(key)), ContentType: contentType };
        await putS3Object(client(), target, [bytes, meterStream(meter)], signal, (error) =>
          s3Failure(error, key, signal),
        );
        return { key, ...meter.measured(), contentType };
      } finally {
        bytes.destroy();
      }
    },
    async get(key, { signal, range } = {}): Promise<Readable> {
      try {
        const part = range === undefined ? {} : { Range: `bytes=${range.start}-${range.end}` };
        const command = new GetObjectCommand({ Bucket: place.bucket, Key: s3Key(place, checkBlobKey(key)), ...part });
        const { Body } = await client().send(command, signal === undefined ? {} : { abortSignal: signal });
        if (Body instanceof Readable) return Body;
        throw new PenstockError('PIPE_BLOB_STORE_UNAVAILABLE', `blob store: an answer without bytes for ${key}`);
      } catch (error) {
        throw s3Failure(error, key, signal);
      }
    },
    async delete(key): Promise<void> {
      try {
        await client().send(new DeleteObjectCommand({ Bucket: place.bucket, Key: s3Key(place, checkBlobKey(key)) }));
      } catch (error) {
        throw s3Failure(error, key, undefined);
      }
    },
  };
}
