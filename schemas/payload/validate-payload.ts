import { parseAvro } from '../avro-model.ts';
import { PenstockError } from '../errors.ts';
import type { RecordSchema } from '../record-schema.ts';
import { type Check, compileChecks, type PayloadError, type Walk } from './payload-checks.ts';

export type PayloadResult<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly errors: readonly PayloadError[] };

const compiled = new WeakMap<RecordSchema<unknown>, Check>();

/**
 * Checks parsed JSON against a schema: plain union values, defaults filled in, unknown fields dropped, integers in
 * range. The value in the answer is a fresh object; at most 20 errors are told. Throws PIPE_SCHEMA_INVALID where the
 * schema itself is wrong.
 */
export function validatePayload<T>(schema: RecordSchema<T>, value: unknown): PayloadResult<T> {
  const walk: Walk = { path: [], errors: [] };
  const result = checkOf(schema)(value, walk);
  // The decode border: the checks of T's schema passed.
  return walk.errors.length === 0 ? { ok: true, value: result as T } : { ok: false, errors: walk.errors };
}

/** The error for a payload that does not fit: paths and what is wanted there, never a value. */
export function payloadError(schema: RecordSchema<unknown>, errors: readonly PayloadError[]): PenstockError {
  const told = errors.map(({ pointer, message }) => `${pointer || 'the payload'} ${message}`).join('; ');
  return new PenstockError('PIPE_TASK_SCHEMA_MISMATCH', `does not fit ${schema.name}: ${told}`, {
    context: { schema: schema.name, pointers: errors.map(({ pointer }) => pointer).join(' ') },
  });
}

function checkOf(schema: RecordSchema<unknown>): Check {
  const known = compiled.get(schema);
  if (known) return known;
  const check = compileChecks(parseAvro(schema.avro));
  compiled.set(schema, check);
  return check;
}
