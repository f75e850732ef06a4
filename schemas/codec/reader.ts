import { parseAvro } from '../avro-model.ts';
import { compareSchemas } from '../compatibility/check-compatibility.ts';
import { messageOf, PenstockError } from '../errors.ts';
import type { RecordSchema } from '../record-schema.ts';
import { type AvroResolver, type AvroType, compileType, createResolver, modelOf } from './avro-type.ts';
import { compileGuard, type Guard } from './block-guard.ts';
import { headBytes } from './framing.ts';

/** How bodies of one writer schema become values of the reader's type; absent parts are not needed. */
type Plan =
  | { readonly kind: 'readable'; readonly guard: Guard | undefined; readonly resolver: AvroResolver | undefined }
  | { readonly kind: 'unreadable'; readonly reason: string };

/** Reads framed values of many writer schemas as values of one schema. */
export class Reader<T> {
  readonly type: AvroType;
  readonly #schema: RecordSchema<T>;
  readonly #plans = new Map<number, Plan>();

  constructor(schema: RecordSchema<T>) {
    this.#schema = schema;
    this.type = compileType(schema);
  }

  knows(id: number): boolean {
    return this.#plans.has(id);
  }

  /** Compiles what bodies of that id need. That a writer does not fit is remembered too. */
  learn(id: number, writer: AvroType): void {
    if (!this.#plans.has(id)) this.#plans.set(id, this.#plan(writer));
  }

  /** Only for ids that the reader knows. */
  read(id: number, value: Buffer): T {
    const plan = this.#plans.get(id);
    if (plan?.kind !== 'readable') throw this.#mismatch(id, plan?.reason ?? 'not fetched yet');
    plan.guard?.(value, headBytes);
    const { value: decoded, offset } = this.#decode(id, value, plan.resolver);
    if (offset !== value.length) throw damaged(id, 'it is cut short, or bytes are left over');
    // The cast of the decode border: the type was compiled from T's schema.
    return decoded as T;
  }

  /** An offset of -1 means cut short. */
  #decode(id: number, value: Buffer, resolver: AvroResolver | undefined): { value: unknown; offset: number } {
    try {
      return this.type.decode(value, headBytes, resolver);
    } catch (thrown) {
      const reason = messageOf(thrown);
      if (reason === 'potential precision loss') throw this.#mismatch(id, 'a long lies outside ±(2^53 − 2)');
      throw damaged(id, reason.slice(0, 200));
    }
  }

  #plan(writer: AvroType): Plan {
    try {
      const model = modelOf(writer);
      const [reason, ...more] = compareSchemas(parseAvro(this.#schema.avro), model);
      if (reason !== undefined) return { kind: 'unreadable', reason: [reason, ...more].slice(0, 10).join('; ') };
      return { kind: 'readable', guard: compileGuard(model), resolver: createResolver(this.type, writer) };
    } catch (thrown) {
      return { kind: 'unreadable', reason: messageOf(thrown).slice(0, 300) };
    }
  }

  #mismatch(id: number, reason: string): PenstockError {
    const { name } = this.#schema;
    return new PenstockError('PIPE_TASK_SCHEMA_MISMATCH', `schema id ${id} does not fit ${name}: ${reason}`, {
      context: { schemaId: id, schema: name },
    });
  }
}

function damaged(id: number, reason: string): PenstockError {
  return new PenstockError('PIPE_TASK_AVRO_DAMAGED', `the Avro body is damaged (schema id ${id}): ${reason}`, {
    context: { schemaId: id },
  });
}
