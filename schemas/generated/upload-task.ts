// Made from schemas/avro/upload-task.avsc by npm run gen. Do not edit.
import type { RecordSchema } from '../record-schema.ts';

/** Put one stored file where it belongs. Input of the stage upload of the pipeline assets. */
export interface UploadTask {
  /** URL that the file came from. */
  readonly source: string;
  /** Name of the output, without folder. */
  readonly name: string;
  /** Where its bytes are. */
  readonly blob: BlobRef;
}

/** Claim check: bytes kept in the blob store; only this reference travels through Kafka. */
export interface BlobRef {
  /** Key in the blob store. */
  readonly key: string;
  /** Size; bytes. */
  readonly sizeBytes: number;
  /** Hash of the bytes; lower-case hex. */
  readonly sha256: string;
  /** Media type, found by content. */
  readonly contentType: string;
}

export const uploadTaskSchema: RecordSchema<UploadTask> = {
  name: 'penstock.UploadTask',
  avro: {
    "type": "record",
    "name": "UploadTask",
    "namespace": "penstock",
    "doc": "Put one stored file where it belongs. Input of the stage upload of the pipeline assets.",
    "fields": [
      {
        "name": "source",
        "type": "string",
        "doc": "URL that the file came from."
      },
      {
        "name": "name",
        "type": "string",
        "doc": "Name of the output, without folder."
      },
      {
        "name": "blob",
        "doc": "Where its bytes are.",
        "type": {
          "type": "record",
          "name": "BlobRef",
          "doc": "Claim check: bytes kept in the blob store; only this reference travels through Kafka.",
          "fields": [
            {
              "name": "key",
              "type": "string",
              "doc": "Key in the blob store."
            },
            {
              "name": "sizeBytes",
              "type": "long",
              "doc": "Size; bytes."
            },
            {
              "name": "sha256",
              "type": "string",
              "doc": "Hash of the bytes; lower-case hex."
            },
            {
              "name": "contentType",
              "type": "string",
              "doc": "Media type, found by content."
            }
          ]
        }
      }
    ]
  },
};
