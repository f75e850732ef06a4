import type { BlobStore } from '../../../../processors/blobs/blob-store.ts';
import type { RecordSchema } from '../../../../schemas/record-schema.ts';

export interface Payload {
  readonly n: string;
}

export const payloadOf: RecordSchema<Payload> = { name: 'test.Task', avro: { type: 'record' } };

export const noBlobs: BlobStore = {
  put: () => Promise.reject(new Error('no blobs here')),
  get: () => Promise.reject(new Error('no blobs here')),
  delete: () => Promise.reject(new Error('no blobs here')),
};
