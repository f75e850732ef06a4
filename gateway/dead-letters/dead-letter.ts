import { deadLetterHeader, envelopeHeader, readEnvelope } from '../../schemas/envelope.ts';
import type { InboundRecord, RecordPlace } from '../../topics/ports.ts';
import { parseJson } from '../intake/read-payload.ts';
import { headersOf, headerText, keyOf } from '../records/stored-record.ts';

/** Why a task was given up; empty or 0 where its header does not say so. Times are epoch ms. */
export interface DeadReason {
  /** Stage that gave it up. */
  readonly stage: string;
  readonly code: string;
  readonly message: string;
  readonly attempts: number;
  readonly firstFailedAt: number;
  readonly lastFailedAt: number;
  /** topic/partition/offset that it was read from. */
  readonly origin: string;
}

/** A record of a dead letter topic, as far as a list shows it. */
export interface DeadLetterSummary extends DeadReason {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** When it was written; epoch ms. */
  readonly at: number;
  readonly taskId: string;
  readonly tenant: string;
  readonly key: string | null;
  readonly bytes: number;
}

const maxTextLength = 1_000;

/** Anybody may write to Kafka: what is missing or of the wrong kind is empty. */
export function readDeadLetter(record: InboundRecord, place: RecordPlace): DeadLetterSummary {
  const { id, tenant = '' } = readEnvelope(record.headers, place, record.timestampMs);
  return {
    ...{ topic: place.topic, partition: place.partition, offset: place.offset, at: record.timestampMs },
    ...{ taskId: id, tenant, key: keyOf(record), bytes: record.value?.length ?? 0 },
    ...readReason(headerText(record.headers[deadLetterHeader])),
  };
}

function readReason(header: string): DeadReason {
  const told = readObject(header);
  const text = (name: string): string => {
    const value = told.get(name);
    return typeof value === 'string' ? value.slice(0, maxTextLength) : '';
  };
  const count = (name: string): number => {
    const value = told.get(name);
    return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : 0;
  };
  return {
    ...{ stage: text('stage'), code: text('code'), message: text('message'), attempts: count('attempts') },
    ...{ firstFailedAt: count('firstFailedAt'), lastFailedAt: count('lastFailedAt') },
    origin: text('topic') === '' ? '' : `${text('topic')}/${count('partition')}/${count('offset')}`,
  };
}

function readObject(json: string): ReadonlyMap<string, unknown> {
  try {
    const value = parseJson(Buffer.from(json));
    return new Map(typeof value === 'object' && value !== null ? Object.entries(value) : []);
  } catch {
    return new Map();
  }
}

/** The headers beside our own two, as text. */
export const otherHeaders = (record: InboundRecord): Readonly<Record<string, string>> =>
  headersOf(record, [deadLetterHeader, envelopeHeader]);
