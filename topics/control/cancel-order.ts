import { createHash } from 'node:crypto';
import type { Codec } from '../../schemas/codec.ts';
import { type ControlRecord, controlRecordSchema } from '../../schemas/generated/control-record.ts';
import { controlTopic } from '../names.ts';
import type { OutboundRecord } from '../ports.ts';

/** Tasks that are to run no more. */
export interface CancelOrder {
  readonly taskIds: readonly string[];
  /** Epoch ms. */
  readonly at: number;
  /** Only tasks of this pipeline; empty: of any. */
  readonly pipeline: string;
  /** Only tasks of this tenant; empty: of any. */
  readonly tenant: string;
  /** Who ordered it: a token's name, a user; empty: unknown. */
  readonly by: string;
}

/** For so long a cancellation counts; every worker has forgotten it then, and the topic may drop its record. */
export const cancelWindowMs = 24 * 3_600_000;
/** About 40 KB of ids in one record. */
export const maxIdsPerOrder = 1_000;

export const controlSubject = `${controlTopic}-value`;

/**
 * The keys are few on purpose: older orders of a slot are compacted away, so the topic stays small without anybody
 * clearing it. The topic's compaction lag keeps all of them for as long as they count.
 */
const slots = 65_536;

export function cancelRecord(codec: Codec, order: CancelOrder): OutboundRecord {
  const { taskIds, at, pipeline, tenant, by } = order;
  const value: ControlRecord = {
    ...{ kind: 'cancel', pipeline, stage: '', at, by, limits: null, taskIds: [...taskIds], positions: [] },
    attrs: tenant === '' ? {} : { tenant },
  };
  return {
    topic: controlTopic,
    key: `cancel/${slotOf(taskIds[0] ?? '')}`,
    value: codec.encode(controlRecordSchema, controlSubject, value),
  };
}

/** undefined: an order of another kind. */
export function readCancelOrder(record: ControlRecord): CancelOrder | undefined {
  if (record.kind !== 'cancel') return undefined;
  const { taskIds, at, pipeline, by, attrs } = record;
  return { taskIds, at, pipeline, by, tenant: attrs.tenant ?? '' };
}

const slotOf = (id: string): number => createHash('sha256').update(id).digest().readUInt32BE() % slots;
