import type { Codec } from '../../../schemas/codec.ts';
import { messageOf, PenstockError } from '../../../schemas/errors.ts';
import type { RecordSchema } from '../../../schemas/record-schema.ts';

export interface JsonCodec extends Codec {
  /** While set, decode of this text asks the registry, which does not answer. */
  unreadable: string | undefined;
}

/** A codec without registry or Avro. A payload with the field `bad` fits no schema. */
export function jsonCodec(): JsonCodec {
  return {
    unreadable: undefined,
    async register() {},
    encode<T>(schema: RecordSchema<T>, _subject: string, value: T): Buffer {
      if (typeof value === 'object' && value !== null && 'bad' in value) {
        throw new PenstockError('PIPE_TASK_SCHEMA_MISMATCH', `bad is no field of ${schema.name}`);
      }
      return Buffer.from(JSON.stringify(value));
    },
    decode<T>(_schema: RecordSchema<T>, value: Buffer | null): T | Promise<T> {
      if (value === null) throw new PenstockError('PIPE_TASK_EMPTY', 'the record has no value');
      const text = value.toString();
      if (this.unreadable === text) {
        return Promise.reject(new PenstockError('PIPE_REGISTRY_UNAVAILABLE', 'the registry is away'));
      }
      try {
        const json: T = JSON.parse(text);
        return json;
      } catch (cause) {
        throw new PenstockError('PIPE_TASK_NOT_JSON', messageOf(cause), { cause });
      }
    },
  };
}
