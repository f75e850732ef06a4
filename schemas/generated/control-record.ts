// Made from schemas/avro/control-record.avsc by npm run gen. Do not edit.
import type { RecordSchema } from '../record-schema.ts';

/** One order to every worker: a record of penstock.control. The kind says which of the optional parts counts; a reader ignores kinds it does not know. */
export interface ControlRecord {
  /** What is ordered. */
  readonly kind: ControlKind;
  /** Name of the pipeline. */
  readonly pipeline: string;
  /** Name of the stage; empty: every stage of the pipeline. */
  readonly stage: string;
  /** When it was ordered; epoch milliseconds. */
  readonly at: number;
  /** Who ordered it: a user, a token's name, a host; empty: unknown. */
  readonly by: string;
  /** Kind limits: the new ones; null: back to what the stage defines. */
  readonly limits: null | Limits;
  /** Kind cancel: ids of the tasks. */
  readonly taskIds: readonly string[];
  /** Kind seek: where the group reads on. */
  readonly positions: readonly Position[];
  /** Details of kinds that need more: a replay's id, a schedule's name and rule. */
  readonly attrs: Readonly<Record<string, string>>;
}

/** What is ordered; unknown: a kind younger than the reader. */
export type ControlKind =
  | 'unknown'
  | 'pause'
  | 'resume'
  | 'limits'
  | 'cancel'
  | 'seek'
  | 'replay'
  | 'schedule';

/** Limits of a stage at run time. */
export interface Limits {
  /** Tasks started per second, all processes together; null: as the stage defines it. */
  readonly perSecond: null | number;
  /** Tasks in flight in one process; null: as the stage defines it. */
  readonly concurrency: null | number;
}

/** A place to read on from. */
export interface Position {
  /** Partition of the stage's topic. */
  readonly partition: number;
  /** Next offset to read. */
  readonly offset: number;
}

export const controlRecordSchema: RecordSchema<ControlRecord> = {
  name: 'penstock.ControlRecord',
  avro: {
    "type": "record",
    "name": "ControlRecord",
    "namespace": "penstock",
    "doc": "One order to every worker: a record of penstock.control. The kind says which of the optional parts counts; a reader ignores kinds it does not know.",
    "fields": [
      {
        "name": "kind",
        "type": {
          "type": "enum",
          "name": "ControlKind",
          "symbols": [
            "unknown",
            "pause",
            "resume",
            "limits",
            "cancel",
            "seek",
            "replay",
            "schedule"
          ],
          "default": "unknown",
          "doc": "What is ordered; unknown: a kind younger than the reader."
        },
        "doc": "What is ordered."
      },
      {
        "name": "pipeline",
        "type": "string",
        "doc": "Name of the pipeline."
      },
      {
        "name": "stage",
        "type": "string",
        "default": "",
        "doc": "Name of the stage; empty: every stage of the pipeline."
      },
      {
        "name": "at",
        "type": "long",
        "doc": "When it was ordered; epoch milliseconds."
      },
      {
        "name": "by",
        "type": "string",
        "default": "",
        "doc": "Who ordered it: a user, a token's name, a host; empty: unknown."
      },
      {
        "name": "limits",
        "type": [
          "null",
          {
            "type": "record",
            "name": "Limits",
            "doc": "Limits of a stage at run time.",
            "fields": [
              {
                "name": "perSecond",
                "type": [
                  "null",
                  "double"
                ],
                "default": null,
                "doc": "Tasks started per second, all processes together; null: as the stage defines it."
              },
              {
                "name": "concurrency",
                "type": [
                  "null",
                  "int"
                ],
                "default": null,
                "doc": "Tasks in flight in one process; null: as the stage defines it."
              }
            ]
          }
        ],
        "default": null,
        "doc": "Kind limits: the new ones; null: back to what the stage defines."
      },
      {
        "name": "taskIds",
        "type": {
          "type": "array",
          "items": "string"
        },
        "default": [],
        "doc": "Kind cancel: ids of the tasks."
      },
      {
        "name": "positions",
        "type": {
          "type": "array",
          "items": {
            "type": "record",
            "name": "Position",
            "doc": "A place to read on from.",
            "fields": [
              {
                "name": "partition",
                "type": "int",
                "doc": "Partition of the stage's topic."
              },
              {
                "name": "offset",
                "type": "long",
                "doc": "Next offset to read."
              }
            ]
          }
        },
        "default": [],
        "doc": "Kind seek: where the group reads on."
      },
      {
        "name": "attrs",
        "type": {
          "type": "map",
          "values": "string"
        },
        "default": {},
        "doc": "Details of kinds that need more: a replay's id, a schedule's name and rule."
      }
    ]
  },
};
