import { messageOf, PenstockError } from '../errors.ts';
import type { RecordSchema } from '../record-schema.ts';
import { type AvroType, invalidPointers } from './avro-type.ts';
import { headBytes } from './framing.ts';

/** Most records fit; a larger one is written a second time, into a buffer of its own. */
const scratchBytes = 65_536;

/** Writes framed values by way of one scratch buffer; the buffers it gives out are the caller's own. */
export class Encoder {
  readonly #scratch = Buffer.allocUnsafeSlow(scratchBytes);

  encode(schema: RecordSchema<unknown>, type: AvroType, id: number, value: unknown): Buffer {
    const end = write(schema, type, value, this.#scratch);
    if (end >= 0) {
      const framed = Buffer.allocUnsafe(end);
      this.#scratch.copy(framed, 0, 0, end);
      return head(framed, id);
    }
    const framed = Buffer.allocUnsafeSlow(scratchBytes - end);
    write(schema, type, value, framed);
    return head(framed, id);
  }
}

/** The end of what was written; negative: so many bytes were missing. */
function write(schema: RecordSchema<unknown>, type: AvroType, value: unknown, target: Buffer): number {
  try {
    return type.encode(value, target, headBytes);
  } catch (thrown) {
    const pointers = invalidPointers(type, value);
    const where =
      pointers.length > 0 ? pointers.map((pointer) => pointer || 'the value').join(', ') : messageOf(thrown);
    throw new PenstockError('PIPE_TASK_SCHEMA_MISMATCH', `the value does not fit ${schema.name} at ${where}`, {
      context: { schema: schema.name, pointers: pointers.join(' ') },
    });
  }
}

function head(framed: Buffer, id: number): Buffer {
  framed[0] = 0;
  framed.writeInt32BE(id, 1);
  return framed;
}
