import { isUtf8 } from 'node:buffer';
import { parse } from 'secure-json-parse';
import { messageOf, PenstockError } from '../errors.ts';
import { payloadError, validatePayload } from '../payload/validate-payload.ts';
import type { RecordSchema } from '../record-schema.ts';

/** A task in plain JSON, as kcat or a foreign producer sends it. */
export function readJson<T>(schema: RecordSchema<T>, value: Buffer): T {
  const result = validatePayload(schema, parseJson(value));
  if (!result.ok) throw payloadError(schema, result.errors);
  return result.value;
}

/** `__proto__` and `constructor.prototype` are refused: the payload travels through code that we did not write. */
function parseJson(value: Buffer): unknown {
  if (!isUtf8(value)) throw notJson('it is not UTF-8');
  try {
    return parse(value.toString(), { protoAction: 'error', constructorAction: 'error' });
  } catch (thrown) {
    const forbidden = messageOf(thrown).includes('forbidden prototype property');
    // The parser's own message quotes the payload, which may be secret.
    throw notJson(forbidden ? 'it has a key __proto__ or constructor.prototype' : 'it does not parse');
  }
}

function notJson(reason: string): PenstockError {
  return new PenstockError('PIPE_TASK_NOT_JSON', `the value is neither framed Avro nor JSON: ${reason}`);
}
