import { PenstockError } from '../../schemas/errors.ts';
import { isResultBlob, type ResultBlob } from '../../schemas/task-ending.ts';

/** What a handler gave with `result()`: its JSON as it will stand in the history, and what that JSON says. */
export interface TaskResult {
  readonly json: string;
  readonly value: unknown;
  readonly blob?: ResultBlob;
}

/** It travels in the attempt's row, of which a thousand share a record. */
const maxJsonBytes = 64 * 1024;

/** undefined: no result. Throws PIPE_STAGE_OUTPUT_INVALID, PIPE_STAGE_RESULT_TOO_LARGE. */
export function readResult(outputs: unknown): TaskResult | undefined {
  if (typeof outputs !== 'object' || outputs === null || !('result' in outputs) || 'stage' in outputs) return undefined;
  const json = jsonOf(outputs.result);
  const bytes = Buffer.byteLength(json);
  if (bytes > maxJsonBytes) {
    const message = `the result has ${bytes} bytes as JSON; at most ${maxJsonBytes} travel`;
    throw new PenstockError('PIPE_STAGE_RESULT_TOO_LARGE', message, { context: { bytes, maxBytes: maxJsonBytes } });
  }
  // Parsed again: what a handler keeps and changes must not change the record.
  const value: unknown = JSON.parse(json);
  const blob = 'blob' in outputs ? outputs.blob : undefined;
  if (blob === undefined) return { json, value };
  if (!isResultBlob(blob)) throw invalid('the blob of a result must be what ctx.blobs.put() gave');
  const { key, sizeBytes, sha256, contentType } = blob;
  return { json, value, blob: { key, sizeBytes, sha256, contentType } };
}

function jsonOf(value: unknown): string {
  try {
    const json = JSON.stringify(value ?? null);
    if (typeof json === 'string') return json;
  } catch (cause) {
    throw invalid('the result has no JSON form', cause);
  }
  throw invalid('the result has no JSON form');
}

const invalid = (message: string, cause?: unknown): PenstockError =>
  new PenstockError('PIPE_STAGE_OUTPUT_INVALID', message, { cause });
