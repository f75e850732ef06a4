// Made from schemas/avro/download-task.avsc by npm run gen. Do not edit.
import type { RecordSchema } from '../record-schema.ts';

/** Fetch one file into the blob store. Input of the stage download of the pipeline assets. */
export interface DownloadTask {
  /** Where the file is; http or https, no credentials. */
  readonly url: string;
  /** Hash that the bytes must have, lower-case hex; null: not checked. */
  readonly sha256: null | string;
  /** Name of the output, without folder; null: made from the URL. */
  readonly name: null | string;
}

export const downloadTaskSchema: RecordSchema<DownloadTask> = {
  name: 'penstock.DownloadTask',
  avro: {
    "type": "record",
    "name": "DownloadTask",
    "namespace": "penstock",
    "doc": "Fetch one file into the blob store. Input of the stage download of the pipeline assets.",
    "fields": [
      {
        "name": "url",
        "type": "string",
        "doc": "Where the file is; http or https, no credentials."
      },
      {
        "name": "sha256",
        "type": [
          "null",
          "string"
        ],
        "default": null,
        "doc": "Hash that the bytes must have, lower-case hex; null: not checked."
      },
      {
        "name": "name",
        "type": [
          "null",
          "string"
        ],
        "default": null,
        "doc": "Name of the output, without folder; null: made from the URL."
      }
    ]
  },
};
