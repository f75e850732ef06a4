import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import S3rver from 's3rver';
import { afterAll, beforeAll } from 'vitest';
import type { S3Options } from '../../../processors/blobs/s3-client.ts';

export interface S3TestServer {
  readonly options: S3Options;
  readonly endpoint: string;
}

/** An S3 server with the bucket `assets` for the tests of one file. */
export function useS3Server(): () => S3TestServer {
  let running: S3TestServer | undefined;
  let close: () => Promise<void> = async () => undefined;
  beforeAll(async () => {
    const directory = await mkdtemp(join(tmpdir(), 'penstock-s3-'));
    const configureBuckets = [{ name: 'assets', configs: [] }];
    const server = new S3rver({ address: '127.0.0.1', port: 0, silent: true, directory, configureBuckets });
    const address: AddressInfo = await server.run();
    const endpoint = `http://127.0.0.1:${address.port}`;
    const options = {
      endpoint,
      region: 'us-east-1',
      accessKeyId: 'S3RVER',
      secretAccessKey: 'S3RVER',
      forcePathStyle: true,
    };
    running = { options, endpoint };
    close = async () => {
      await server.close();
      await rm(directory, { recursive: true, force: true });
    };
  });
  afterAll(() => close());
  return () => {
    if (running === undefined) throw new Error('only inside a test');
    return running;
  };
}
