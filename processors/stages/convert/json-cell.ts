import { type ColumnKind, type Observation, observed, observeInteger } from './column-type.ts';
import type { ExactJson } from './exact-json.ts';

/** The narrowest type of one JSON value; undefined for null. Texts stay texts, whatever they look like. */
export function observeJson(value: unknown, json: ExactJson): Observation | undefined {
  if (value === null || value === undefined) return undefined;
  if (typeof value === 'boolean') return observed.bool;
  if (typeof value === 'string') return observed.string;
  if (typeof value === 'number') {
    return Number.isSafeInteger(value) && !Object.is(value, -0) ? observeInteger(String(value)) : observed.double;
  }
  const digits = typeof value === 'object' ? json.wideOf(value)?.digits : undefined;
  return digits === undefined ? observed.json : observeInteger(digits);
}

/** The value as one of its column's kind. */
export function jsonValue(value: unknown, kind: ColumnKind, json: ExactJson): unknown {
  if (value === null || value === undefined) return null;
  if (kind === 'json') return json.stringify(value);
  const plain = typeof value === 'object' ? (json.wideOf(value)?.digits ?? json.stringify(value)) : value;
  if (kind === 'string') return String(plain);
  return kind === 'int64' ? BigInt(String(plain)) : plain;
}
