import { PenstockError } from '../../schemas/errors.ts';
import type { BatchItem } from './batch.ts';
import { jsonBytes, readStructuredEvent } from './cloud-events.ts';
import { cutArray } from './json-array.ts';
import { braceOpens, bracketOpens, isSpace } from './json-bytes.ts';
import type { Line } from './ndjson.ts';
import { parseJson } from './read-payload.ts';

/** What a JSON body begins with tells one task from a batch, without parsing it twice. */
export function shapeOf(body: Buffer): 'object' | 'array' | 'other' {
  for (const byte of body) {
    if (byte === braceOpens) return 'object';
    if (byte === bracketOpens) return 'array';
    if (!isSpace(byte)) return 'other';
  }
  return 'other';
}

/** The pieces of a JSON array; rejects with PIPE_TASK_NOT_JSON, PIPE_GATEWAY_BODY_INVALID. */
export async function piecesOf(body: Buffer): Promise<readonly Buffer[]> {
  if (shapeOf(body) === 'array') return cutArray(body);
  parseJson(body);
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
