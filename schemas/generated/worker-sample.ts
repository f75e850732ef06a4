// Made from schemas/avro/worker-sample.avsc by npm run gen. Do not edit.
import type { RecordSchema } from '../record-schema.ts';

/** What a worker says of itself every few seconds. One record of penstock.samples. */
export interface WorkerSample {
  /** Process: host, process id and start. */
  readonly worker: string;
  /** When it was taken; epoch milliseconds. */
  readonly at: number;
  /** When the process started; epoch milliseconds. */
  readonly startedAt: number;
  /** Version of the code that runs, as the operator set it. */
  readonly codeVersion: string;
  /** Resident memory of the process; bytes. */
  readonly memoryBytes: number;
  /** true: its last sample; it stops. */
  readonly isLeaving: boolean;
  /** Stages that it runs; counts are since its start. */
  readonly stages: readonly StageSample[];
  /** Partitions that it owns, and how far their group is behind. */
  readonly lags: readonly LagSample[];
}

/** One stage of the worker. */
export interface StageSample {
  /** Name of the pipeline. */
  readonly pipeline: string;
  /** Name of the stage. */
  readonly stage: string;
  /** Partitions of the stage's topic that it owns. */
  readonly partitions: number;
  /** Tasks whose handler is under way. */
  readonly inFlight: number;
  /** Tasks taken from Kafka that wait. */
  readonly queued: number;
  /** Tasks that ended well. */
  readonly done: number;
  /** Dead letters. */
  readonly failed: number;
  /** Attempts that another followed. */
  readonly retried: number;
  /** Tasks whose time had passed. */
  readonly expired: number;
}

/** One partition. */
export interface LagSample {
  /** Consumer group. */
  readonly group: string;
  /** Topic. */
  readonly topic: string;
  /** Partition. */
  readonly partition: number;
  /** Next offset to read; the first stored one where nothing is committed. */
  readonly committed: number;
  /** Offset after the last record. */
  readonly endOffset: number;
}

export const workerSampleSchema: RecordSchema<WorkerSample> = {
  name: 'penstock.WorkerSample',
  avro: {
    "type": "record",
    "name": "WorkerSample",
    "namespace": "penstock",
    "doc": "What a worker says of itself every few seconds. One record of penstock.samples.",
    "fields": [
      {
        "name": "worker",
        "type": "string",
        "doc": "Process: host, process id and start."
      },
      {
        "name": "at",
        "type": "long",
        "doc": "When it was taken; epoch milliseconds."
      },
      {
        "name": "startedAt",
        "type": "long",
        "doc": "When the process started; epoch milliseconds."
      },
      {
        "name": "codeVersion",
        "type": "string",
        "default": "",
        "doc": "Version of the code that runs, as the operator set it."
      },
      {
        "name": "memoryBytes",
        "type": "long",
        "default": 0,
        "doc": "Resident memory of the process; bytes."
      },
      {
        "name": "isLeaving",
        "type": "boolean",
        "default": false,
        "doc": "true: its last sample; it stops."
      },
      {
        "name": "stages",
        "doc": "Stages that it runs; counts are since its start.",
        "type": {
          "type": "array",
          "items": {
            "type": "record",
            "name": "StageSample",
            "doc": "One stage of the worker.",
            "fields": [
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
                "name": "partitions",
                "type": "int",
                "default": 0,
                "doc": "Partitions of the stage's topic that it owns."
              },
              {
                "name": "inFlight",
                "type": "int",
                "default": 0,
                "doc": "Tasks whose handler is under way."
              },
              {
                "name": "queued",
                "type": "int",
                "default": 0,
                "doc": "Tasks taken from Kafka that wait."
              },
              {
                "name": "done",
                "type": "long",
                "default": 0,
                "doc": "Tasks that ended well."
              },
              {
                "name": "failed",
                "type": "long",
                "default": 0,
                "doc": "Dead letters."
              },
              {
                "name": "retried",
                "type": "long",
                "default": 0,
                "doc": "Attempts that another followed."
              },
              {
                "name": "expired",
                "type": "long",
                "default": 0,
                "doc": "Tasks whose time had passed."
              }
            ]
          }
        }
      },
      {
        "name": "lags",
        "doc": "Partitions that it owns, and how far their group is behind.",
        "type": {
          "type": "array",
          "items": {
            "type": "record",
            "name": "LagSample",
            "doc": "One partition.",
            "fields": [
              {
                "name": "group",
                "type": "string",
                "doc": "Consumer group."
              },
              {
                "name": "topic",
                "type": "string",
                "doc": "Topic."
              },
              {
                "name": "partition",
                "type": "int",
                "doc": "Partition."
              },
              {
                "name": "committed",
                "type": "long",
                "doc": "Next offset to read; the first stored one where nothing is committed."
              },
              {
                "name": "endOffset",
                "type": "long",
                "doc": "Offset after the last record."
              }
            ]
          }
        },
        "default": []
      }
    ]
  },
};
