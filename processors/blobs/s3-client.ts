import { S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import { PenstockError } from '../../schemas/errors.ts';

export interface S3Options {
  /** URL of a store other than AWS. */
  readonly endpoint?: string | undefined;
  readonly region: string;
  /** Without keys the usual AWS chain is asked: environment, profile, instance role. */
  readonly accessKeyId?: string | undefined;
  readonly secretAccessKey?: string | undefined;
  readonly forcePathStyle: boolean;
}

export interface S3Place {
  readonly bucket: string;
  /** Without slashes at either end; may be empty. */
  readonly prefix: string;
}

/** `s3://bucket/some/prefix`. */
export function parseS3Url(text: string): S3Place {
  const url = new URL(text);
  if (url.protocol !== 's3:' || url.hostname === '' || url.search !== '') {
    throw new PenstockError('PIPE_CONFIG_INVALID', 'an S3 address reads s3://bucket/prefix');
  }
  return { bucket: url.hostname, prefix: decodeURIComponent(url.pathname).replace(/^\/+|\/+$/g, '') };
}

export const s3Key = (place: S3Place, name: string): string => (place.prefix === '' ? name : `${place.prefix}/${name}`);

export function connectS3(options: S3Options): S3Client {
  const { accessKeyId, secretAccessKey, endpoint } = options;
  return new S3Client({
    region: options.region,
    forcePathStyle: options.forcePathStyle,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(accessKeyId === undefined || secretAccessKey === undefined
      ? {}
      : { credentials: { accessKeyId, secretAccessKey } }),
    // Other stores refuse the CRC trailers that the SDK sends by default.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: { connectionTimeout: 10_000, socketTimeout: 60_000 },
    maxAttempts: 2,
  });
}

/** HTTP status of the store's answer; undefined where there was none. */
export function s3Status(error: unknown): number | undefined {
  return error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined;
}
