import { PenstockError } from '../errors.ts';

/** Confluent wire format: 0x00, the schema id as int32 big-endian, then the Avro body. */
export const headBytes = 5;

export function isFramed(value: Buffer): boolean {
  return value[0] === 0;
}

export function readSchemaId(value: Buffer): number {
  if (value.length < headBytes) {
    throw new PenstockError('PIPE_TASK_NOT_JSON', 'the value begins like framed Avro but has no whole schema id');
  }
  return value.readInt32BE(1);
}
