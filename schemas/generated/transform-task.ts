// Made from schemas/avro/transform-task.avsc by npm run gen. Do not edit.
import type { RecordSchema } from '../record-schema.ts';

/** Convert one stored file by its content. Input of the stage transform of the pipeline assets. */
export interface TransformTask {
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

export const transformTaskSchema: RecordSchema<TransformTask> = {
  name: 'penstock.TransformTask',
  avro: {
    "type": "record",
    "name": "TransformTask",
    "namespace": "penstock",
    "doc": "Convert one stored file by its content. Input of the stage transform of the pipeline assets.",
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
