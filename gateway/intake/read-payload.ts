import { isUtf8 } from 'node:buffer';
import { parse } from 'secure-json-parse';
import { messageOf, PenstockError } from '../../schemas/errors.ts';
import type { PayloadError } from '../../schemas/payload/payload-checks.ts';
import { payloadError, validatePayload } from '../../schemas/payload/validate-payload.ts';
import type { RecordSchema } from '../../schemas/record-schema.ts';
import { endOfText, levelsOf, quote } from './json-bytes.ts';

/** PIPE_TASK_SCHEMA_MISMATCH with each place that does not fit, as a list. */
export class PayloadRefused extends PenstockError {
  readonly payloadErrors: readonly PayloadError[];

  constructor(schema: RecordSchema<unknown>, errors: readonly PayloadError[]) {
    const { code, message, context } = payloadError(schema, errors);
    super(code, message, { context });
    this.payloadErrors = errors;
  }
}

/** By the field: `instanceof` tells a PenstockError from others, not its subclasses from each other. */
export function payloadErrorsOf(error: PenstockError): readonly PayloadError[] | undefined {
  return 'payloadErrors' in error && Array.isArray(error.payloadErrors) ? error.payloadErrors : undefined;
}

/** The payload as the codec wants it. Throws PIPE_TASK_NOT_JSON, PIPE_TASK_SCHEMA_MISMATCH (a PayloadRefused). */
export function readPayload(schema: RecordSchema<unknown>, json: Buffer): unknown {
  const result = validatePayload(schema, parseJson(json));
  if (result.ok) return result.value;
  throw new PayloadRefused(schema, result.errors);
}

/** JSON in UTF-8, without keys that reach for a prototype. Throws PIPE_TASK_NOT_JSON. */
export function parseJson(json: Buffer): unknown {
  if (!isUtf8(json)) throw new PenstockError('PIPE_TASK_NOT_JSON', 'the payload is not UTF-8');
  if (json.length > looksDeepBytes && isDeep(json)) throw tooDeep();
  try {
    return parse(json.toString('utf8'), null, { protoAction: 'error', constructorAction: 'error' });
  } catch (error) {
    throw new PenstockError('PIPE_TASK_NOT_JSON', `the payload is not valid JSON: ${shortReason(error)}`);
  }
}

/** V8 quotes the text around a mistake: an answer goes to the sender, but messages also go to logs. */
function shortReason(error: unknown): string {
  return messageOf(error)
    .replace(/(, )?\.{0,3}".*"\.{0,3} is not valid JSON/s, '')
    .slice(0, 120);
}

/** Half a million levels take JSON.parse 160 ms, in which nobody else is served; no schema allows more than a hundred. */
export const maxLevels = 1_000;
const looksDeepBytes = 65_536;

export const tooDeep = (): PenstockError =>
  new PenstockError('PIPE_TASK_NOT_JSON', `the payload is nested deeper than ${maxLevels} levels`);

function isDeep(json: Buffer): boolean {
  let levels = 0;
  for (let at = 0; at < json.length && levels <= maxLevels; at += 1) {
    const byte = json[at] ?? 0;
    if (byte === quote) at = endOfText(json, at);
    else levels += levelsOf(byte);
  }
  return levels > maxLevels;
}
