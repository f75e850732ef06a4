import { HeadObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { PenstockError } from '../../../schemas/errors.ts';
import { connectS3, parseS3Url, type S3Options, s3Key, s3Status } from '../../blobs/s3-client.ts';
import { putS3Object } from '../../blobs/s3-put.ts';
import { differs, noAnswer, uploadStatusFailure } from './upload-failure.ts';
import type { UploadObject, UploadTarget } from './upload-target.ts';

function s3Failure(error: unknown, shown: string, signal: AbortSignal): unknown {
  if (error instanceof PenstockError || signal.aborted) return error;
  const status = s3Status(error);
  return status === undefined ? noAnswer(shown, error) : uploadStatusFailure(status, shown, undefined, error);
}

const hostOf = ({ endpoint, region }: S3Options): string =>
  endpoint === undefined ? `s3.${region}` : new URL(endpoint).host;

/** Objects of one bucket: they appear when complete; size and the sha256 in their metadata are read back. */
export function s3Target(url: string, options: S3Options): UploadTarget {
  const place = parseS3Url(url);
  let connected: S3Client | undefined;
  const client = (): S3Client => {
    connected ??= connectS3(options);
    return connected;
  };
  const verify = async (
    { blob }: UploadObject,
    Key: string,
    shown: string,
    abortSignal: AbortSignal,
  ): Promise<void> => {
    const stored = await client().send(new HeadObjectCommand({ Bucket: place.bucket, Key }), { abortSignal });
    if (stored.ContentLength !== blob.sizeBytes) throw differs(shown, 'size');
    if (stored.Metadata?.sha256 !== blob.sha256) throw differs(shown, 'sha256');
  };
  return {
    host: hostOf(options),
    async put(object, bytes, signal) {
      const { blob, name } = object;
      const Key = s3Key(place, name);
      const shown = `s3://${place.bucket}/${Key}`;
      const target = { Bucket: place.bucket, Key, ContentType: blob.contentType, Metadata: { sha256: blob.sha256 } };
      const translate = (error: unknown): unknown => s3Failure(error, shown, signal);
      try {
        await putS3Object(client(), target, [bytes], signal, translate);
        await verify(object, Key, shown, signal).catch((error: unknown) => {
          throw translate(error);
        });
      } finally {
        bytes.destroy();
      }
    },
  };
}
