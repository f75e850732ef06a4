// Made from schemas/avro/attempt-batch.avsc by npm run gen. Do not edit.
import type { RecordSchema } from '../record-schema.ts';

/** Attempts of one stage in one process, in the order in which they ended. One record of penstock.attempts. */
export interface AttemptBatch {
  /** Process that ran them: host, process id and start, or the gateway's name. */
  readonly worker: string;
  /** Version of the code that ran, as the operator set it. */
  readonly codeVersion: string;
  /** Name of the pipeline. */
  readonly pipeline: string;
  /** Name of the stage. */
  readonly stage: string;
  /** Topic the tasks were read from, or written to where they were accepted. */
  readonly topic: string;
  /** At least one. */
  readonly attempts: readonly Attempt[];
}

/** One execution of the stage for one task, or its acceptance. */
export interface Attempt {
  /** When it ended or was accepted; epoch milliseconds. */
  readonly eventTime: number;
  /** When process() was first called; epoch milliseconds; equals eventTime where nothing ran. */
  readonly startedAt: number;
  /** When the task was submitted, the same in every attempt of a task; epoch milliseconds; 0: not known. */
  readonly submittedAt: number;
  /** How it ended. */
  readonly outcome: Outcome;
  /** Id of the task. */
  readonly taskId: string;
  /** Id of the task that fanned out into this one; empty: none. */
  readonly parentId: string;
  /** Tenant; empty: none. */
  readonly tenant: string;
  /** 1 for the first execution. */
  readonly attempt: number;
  /** From the record's timestamp to the start of its first execution here; milliseconds, never negative. */
  readonly queueMs: number;
  /** Inside process(); milliseconds. */
  readonly runMs: number;
  /** Size of the record's value; bytes. */
  readonly bytesIn: number;
  /** Size of the values handed on; bytes. */
  readonly bytesOut: number;
  /** Code of docs/errors.md; empty: no error. */
  readonly errorCode: string;
  /** Equal for errors of the same kind: code and message with numbers, ids and quotes blanked, hashed. */
  readonly errorFingerprint: string;
  /** At most 1000 characters. */
  readonly errorMessage: string;
  /** Partition of the task's record. */
  readonly partition: number;
  /** Offset of the task's record. */
  readonly offset: number;
  /** Stage that the task went on to under the same id; empty: it ended here. */
  readonly nextStage: string;
  /** Replay that brought it here; empty: none. */
  readonly replayId: string;
  /** W3C trace id, 32 hex digits; empty: none. */
  readonly traceId: string;
  /** What the stage chose to note. */
  readonly attrs: Readonly<Record<string, string>>;
}

/** How it ended, or that it was accepted or runs. */
export type Outcome =
  | 'ok'
  | 'retry'
  | 'dead'
  | 'cancelled'
  | 'expired'
  | 'skipped'
  | 'accepted'
  | 'running';

export const attemptBatchSchema: RecordSchema<AttemptBatch> = {
  name: 'penstock.AttemptBatch',
  avro: {
    "type": "record",
    "name": "AttemptBatch",
    "namespace": "penstock",
    "doc": "Attempts of one stage in one process, in the order in which they ended. One record of penstock.attempts.",
    "fields": [
      {
        "name": "worker",
        "type": "string",
        "doc": "Process that ran them: host, process id and start, or the gateway's name."
      },
      {
        "name": "codeVersion",
        "type": "string",
        "default": "",
        "doc": "Version of the code that ran, as the operator set it."
      },
      {
        "name": "pipeline",
        "type": "string",
        "doc": "Name of the pipeline."
      },
      {
        "name": "stage",
        "type": "string",
        "doc": "Name of the stage."
      },
      {
        "name": "topic",
        "type": "string",
        "doc": "Topic the tasks were read from, or written to where they were accepted."
      },
      {
        "name": "attempts",
        "doc": "At least one.",
        "type": {
          "type": "array",
          "items": {
            "type": "record",
            "name": "Attempt",
            "doc": "One execution of the stage for one task, or its acceptance.",
            "fields": [
              {
                "name": "eventTime",
                "type": "long",
                "doc": "When it ended or was accepted; epoch milliseconds."
              },
              {
                "name": "startedAt",
                "type": "long",
                "doc": "When process() was first called; epoch milliseconds; equals eventTime where nothing ran."
              },
              {
                "name": "submittedAt",
                "type": "long",
                "default": 0,
                "doc": "When the task was submitted, the same in every attempt of a task; epoch milliseconds; 0: not known."
              },
              {
                "name": "outcome",
                "type": {
                  "type": "enum",
                  "name": "Outcome",
                  "symbols": [
                    "ok",
                    "retry",
                    "dead",
                    "cancelled",
                    "expired",
                    "skipped",
                    "accepted",
                    "running"
                  ],
                  "doc": "How it ended, or that it was accepted or runs."
                },
                "doc": "How it ended."
              },
              {
                "name": "taskId",
                "type": "string",
                "doc": "Id of the task."
              },
              {
                "name": "parentId",
                "type": "string",
                "default": "",
                "doc": "Id of the task that fanned out into this one; empty: none."
              },
              {
                "name": "tenant",
                "type": "string",
                "default": "",
                "doc": "Tenant; empty: none."
              },
              {
                "name": "attempt",
                "type": "int",
                "doc": "1 for the first execution."
              },
              {
                "name": "queueMs",
                "type": "long",
                "doc": "From the record's timestamp to the start of its first execution here; milliseconds, never negative."
              },
              {
                "name": "runMs",
                "type": "long",
                "doc": "Inside process(); milliseconds."
              },
              {
                "name": "bytesIn",
                "type": "long",
                "doc": "Size of the record's value; bytes."
              },
              {
                "name": "bytesOut",
                "type": "long",
                "doc": "Size of the values handed on; bytes."
              },
              {
                "name": "errorCode",
                "type": "string",
                "default": "",
                "doc": "Code of docs/errors.md; empty: no error."
              },
              {
                "name": "errorFingerprint",
                "type": "string",
                "default": "",
                "doc": "Equal for errors of the same kind: code and message with numbers, ids and quotes blanked, hashed."
              },
              {
                "name": "errorMessage",
                "type": "string",
                "default": "",
                "doc": "At most 1000 characters."
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
                "name": "nextStage",
                "type": "string",
                "default": "",
                "doc": "Stage that the task went on to under the same id; empty: it ended here."
              },
              {
                "name": "replayId",
                "type": "string",
                "default": "",
                "doc": "Replay that brought it here; empty: none."
              },
              {
                "name": "traceId",
                "type": "string",
                "default": "",
                "doc": "W3C trace id, 32 hex digits; empty: none."
              },
              {
                "name": "attrs",
                "type": {
                  "type": "map",
                  "values": "string"
                },
                "default": {},
                "doc": "What the stage chose to note."
              }
            ]
          }
        }
      }
    ]
  },
};
