import { PassThrough, type Readable, type Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';

export interface S3Target {
  readonly Bucket: string;
  readonly Key: string;
  readonly ContentType: string;
  readonly Metadata?: Record<string, string>;
}

/**
 * Streams an object in parts of 8 MiB, two in flight. The object appears when the last part is completed; a failing
 * source, or an abort, abandons the parts. What the source throws is passed on; what the store throws, through `translate`.
 */
export async function putS3Object(
  client: S3Client,
  target: S3Target,
  [source, ...through]: [Readable, ...Transform[]],
  signal: AbortSignal | undefined,
  translate: (error: unknown) => unknown,
): Promise<void> {
  const body = new PassThrough();
  const upload = new Upload({
    client,
    params: { ...target, Body: body },
    partSize: 8 * 1024 * 1024,
    queueSize: 2,
    leavePartsOnError: false,
  });
  const flowing = pipeline([source, ...through, body], signal === undefined ? {} : { signal });
  const abort = (): void => void upload.abort();
  signal?.addEventListener('abort', abort, { once: true });
  // The source's own failure says more than the upload's echo of it.
  const stored = upload.done().finally(() => body.destroy());
  try {
    const [flow, store] = await Promise.allSettled([flowing, stored]);
    if (flow.status === 'rejected' && !isEcho(flow.reason)) throw flow.reason;
    if (store.status === 'rejected') throw translate(store.reason);
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}

/** When the upload fails first, the pipeline only reports that its end was closed. */
const isEcho = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE';
