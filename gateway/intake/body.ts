import { PenstockError } from '../../schemas/errors.ts';
import type { BatchItem } from './batch.ts';
import { jsonBytes, readStructuredEvent } from './cloud-events.ts';
import type { Line } from './ndjson.ts';
import { parseJson } from './read-payload.ts';

const space = new Set([0x20, 0x09, 0x0a, 0x0d]);

/** What a JSON body begins with tells one task from a batch, without parsing it twice. */
export function shapeOf(body: Buffer): 'object' | 'array' | 'other' {
  for (const byte of body) {
    if (byte === 0x7b) return 'object';
    if (byte === 0x5b) return 'array';
    if (!space.has(byte)) return 'other';
  }
  return 'other';
}

/** The items of a JSON array. Throws PIPE_TASK_NOT_JSON, PIPE_GATEWAY_BODY_INVALID. */
export function itemsOf(body: Buffer): unknown[] {
  const parsed = parseJson(body);
  if (Array.isArray(parsed)) return parsed;
  throw new PenstockError('PIPE_GATEWAY_BODY_INVALID', 'the body is neither a JSON object nor an array');
}

export const toLine = (item: unknown): Line => ({ kind: 'line', bytes: jsonBytes(item) });

/** An event of a batch; one that is none is that event's own fault. */
export function toEvent(item: unknown): BatchItem {
  try {
    return { kind: 'event', event: readStructuredEvent(item) };
  } catch (error) {
    return { kind: 'invalid', error };
  }
}
