// Made from schemas/avro/dead-letter.avsc by npm run gen. Do not edit.
import type { RecordSchema } from '../record-schema.ts';

/** Why a task was given up: the JSON of the header penstock-dead, beside the untouched key, value and headers. */
export interface DeadLetter {
  /** Topic that the task was read from. */
  readonly topic: string;
  /** Partition of the task's record. */
  readonly partition: number;
  /** Offset of the task's record. */
  readonly offset: number;
  /** Stage that gave it up. */
  readonly stage: string;
  /** Code of docs/errors.md. */
  readonly code: string;
  /** Reason, for people; at most 1000 characters. */
  readonly message: string;
  /** Executions so far; 0: it never reached the stage. */
  readonly attempts: number;
  /** First failure; epoch milliseconds. */
  readonly firstFailedAt: number;
  /** Last failure; epoch milliseconds. */
  readonly lastFailedAt: number;
}

export const deadLetterSchema: RecordSchema<DeadLetter> = {
  name: 'penstock.DeadLetter',
  avro: {
    "type": "record",
    "name": "DeadLetter",
    "namespace": "penstock",
    "doc": "Why a task was given up: the JSON of the header penstock-dead, beside the untouched key, value and headers.",
    "fields": [
      {
        "name": "topic",
        "type": "string",
        "doc": "Topic that the task was read from."
      },
      {
        "name": "partition",
        "type": "int",
        "doc": "Partition of the task's record."
      },
      {
        "name": "offset",
        "type": "long",
        "doc": "Offset of the task's record."
      },
      {
        "name": "stage",
        "type": "string",
        "doc": "Stage that gave it up."
      },
      {
        "name": "code",
        "type": "string",
        "doc": "Code of docs/errors.md."
      },
      {
        "name": "message",
        "type": "string",
        "doc": "Reason, for people; at most 1000 characters."
      },
      {
        "name": "attempts",
        "type": "int",
        "doc": "Executions so far; 0: it never reached the stage."
      },
      {
        "name": "firstFailedAt",
        "type": "long",
        "doc": "First failure; epoch milliseconds."
      },
      {
        "name": "lastFailedAt",
        "type": "long",
        "doc": "Last failure; epoch milliseconds."
      }
    ]
  },
};
