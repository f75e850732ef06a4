import { Type } from 'typebox';
import type { Codec } from '../../schemas/codec.ts';
import { messageOf } from '../../schemas/errors.ts';
import type { RecordSchema } from '../../schemas/record-schema.ts';
import type { InboundRecord } from '../../topics/ports.ts';

/** What a record holds, as the API shows it. */
export const storedRecordFields = {
  headers: Type.Record(Type.String(), Type.String(), { description: 'As text, at most 50 of 1 000 characters' }),
  payload: Type.Optional(Type.Unknown({ description: 'Absent: it cannot be decoded' })),
  undecoded: Type.Optional(
    Type.Object({ reason: Type.String(), text: Type.String({ description: 'The first 64 KiB as UTF-8' }) }),
  ),
};
export const keyField = Type.Union([Type.String(), Type.Null()], { description: 'At most 200 characters' });

const maxHeaders = 50;
const maxHeaderLength = 1_000;
const maxKeyLength = 200;
const maxUndecodedBytes = 64 * 1024;

export const keyOf = ({ key }: InboundRecord): string | null =>
  key === null ? null : key.toString('utf8').slice(0, maxKeyLength);

/** The headers as text, but for those that are shown otherwise. */
export function headersOf({ headers }: InboundRecord, without: readonly string[] = []): Record<string, string> {
  const names = Object.keys(headers).filter((name) => !without.includes(name));
  const shown = names.slice(0, maxHeaders);
  return Object.fromEntries(shown.map((name) => [name, headerText(headers[name]).slice(0, maxHeaderLength)]));
}

/** Of a header that is there more than once the last counts. */
export function headerText(value: InboundRecord['headers'][string]): string {
  const last = Array.isArray(value) ? value.at(-1) : value;
  return last === undefined ? '' : last.toString();
}

/** Decoded; what could not be read as a task is stored all the same, and shown as text. */
export async function decodeValue(codec: Codec, input: RecordSchema<unknown>, { value }: InboundRecord) {
  try {
    return { payload: await codec.decode(input, value) };
  } catch (error) {
    const text = value?.subarray(0, maxUndecodedBytes).toString('utf8') ?? '';
    return { undecoded: { reason: messageOf(error), text } };
  }
}
