import { Encoder } from './codec/encoder.ts';
import { isFramed, readSchemaId } from './codec/framing.ts';
import { readJson } from './codec/read-json.ts';
import { Reader } from './codec/reader.ts';
import { createRegistryClient, type RegistryClient } from './codec/registry-client.ts';
import { WriterSchemas } from './codec/writer-schemas.ts';
import { PenstockError } from './errors.ts';
import type { RecordSchema } from './record-schema.ts';

export type { PayloadError } from './payload/payload-checks.ts';
export { type PayloadResult, validatePayload } from './payload/validate-payload.ts';

/** Values to bytes and back, in the Confluent wire format. */
export interface Codec {
  /**
   * Registers the schema as a version of the subject; must precede encode; again is free. Rejects with
   * PIPE_SCHEMA_INCOMPATIBLE, PIPE_SCHEMA_INVALID or PIPE_REGISTRY_UNAVAILABLE (passing).
   */
  register(subject: string, schema: RecordSchema<unknown>): Promise<void>;
  /**
   * Confluent framing. Fields that are absent (undefined) get their default. Throws PIPE_TASK_SCHEMA_MISMATCH with the
   * failing paths, PIPE_SCHEMA_NOT_REGISTERED.
   */
  encode<T>(schema: RecordSchema<T>, subject: string, value: T): Buffer;
  /**
   * Framed Avro of any schema that T's schema can read, or a JSON object that fits it. A promise only where the
   * registry must be asked. Throws or rejects with PIPE_TASK_* (permanent) or PIPE_REGISTRY_UNAVAILABLE (passing).
   */
  decode<T>(schema: RecordSchema<T>, value: Buffer | null): T | Promise<T>;
}

export interface CodecOptions {
  readonly registryUrl: string;
  /** Longest wait for the registry in one call. Default 5000. */
  readonly registryTimeoutMs?: number;
  /** Larger values are refused by decode (PIPE_TASK_TOO_LARGE). Default 4 MiB, four times Kafka's own limit. */
  readonly maxValueBytes?: number;
  /** Epoch milliseconds. */
  readonly now?: () => number;
}

/** Opens no connection: the registry is first asked by register, or by decode of an id it has not seen. */
export function createCodec(options: CodecOptions): Codec {
  const client = createRegistryClient({ url: options.registryUrl, timeoutMs: options.registryTimeoutMs ?? 5000 });
  return new RegistryCodec(client, options.maxValueBytes ?? 4_194_304, options.now ?? Date.now);
}

/** Schemas are told apart by identity: make each once, at module level. */
class RegistryCodec implements Codec {
  readonly #client: RegistryClient;
  readonly #maxValueBytes: number;
  readonly #writers: WriterSchemas;
  readonly #encoder = new Encoder();
  readonly #readers = new WeakMap<RecordSchema<unknown>, Reader<unknown>>();
  readonly #ids = new WeakMap<RecordSchema<unknown>, Map<string, number>>();
  readonly #registering = new WeakMap<RecordSchema<unknown>, Map<string, Promise<void>>>();

  constructor(client: RegistryClient, maxValueBytes: number, now: () => number) {
    this.#client = client;
    this.#maxValueBytes = maxValueBytes;
    this.#writers = new WriterSchemas(client, now);
  }

  async register(subject: string, schema: RecordSchema<unknown>): Promise<void> {
    if (this.#ids.get(schema)?.has(subject)) return;
    const running = entryOf(this.#registering, schema);
    const started = running.get(subject) ?? this.#register(subject, schema).finally(() => running.delete(subject));
    running.set(subject, started);
    await started;
  }

  async #register(subject: string, schema: RecordSchema<unknown>): Promise<void> {
    const { type } = this.#readerOf(schema);
    const id = await this.#client.register(subject, schema);
    entryOf(this.#ids, schema).set(subject, id);
    this.#writers.add(id, type);
  }

  encode<T>(schema: RecordSchema<T>, subject: string, value: T): Buffer {
    const id = this.#ids.get(schema)?.get(subject);
    if (id === undefined) {
      throw new PenstockError('PIPE_SCHEMA_NOT_REGISTERED', `${schema.name} is not registered for ${subject}`, {
        context: { schema: schema.name, subject },
      });
    }
    return this.#encoder.encode(schema, this.#readerOf(schema).type, id, value);
  }

  decode<T>(schema: RecordSchema<T>, value: Buffer | null): T | Promise<T> {
    if (value === null || value.length === 0) throw new PenstockError('PIPE_TASK_EMPTY', 'the record has no value');
    if (value.length > this.#maxValueBytes) throw tooLarge(value.length, this.#maxValueBytes);
    if (!isFramed(value)) return readJson(schema, value);
    const id = readSchemaId(value);
    const reader = this.#readerOf(schema);
    if (reader.knows(id)) return reader.read(id, value);
    const writer = this.#writers.get(id);
    if (!writer) return this.#fetchAndRead(reader, id, value);
    reader.learn(id, writer);
    return reader.read(id, value);
  }

  async #fetchAndRead<T>(reader: Reader<T>, id: number, value: Buffer): Promise<T> {
    // Ids are positive by the registry's rules; asking would only spread a hostile producer's noise.
    const writer = id <= 0 || this.#writers.isUnknown(id) ? undefined : await this.#writers.fetch(id);
    if (!writer) {
      const message = `the registry does not know schema id ${id}`;
      throw new PenstockError('PIPE_TASK_SCHEMA_UNKNOWN', message, { context: { schemaId: id } });
    }
    reader.learn(id, writer);
    return reader.read(id, value);
  }

  #readerOf<T>(schema: RecordSchema<T>): Reader<T> {
    const known = this.#readers.get(schema);
    // The map's key carries T: the entry was made from this very schema.
    if (known) return known as Reader<T>;
    const reader = new Reader(schema);
    this.#readers.set(schema, reader);
    return reader;
  }
}

function entryOf<Value>(
  maps: WeakMap<RecordSchema<unknown>, Map<string, Value>>,
  schema: RecordSchema<unknown>,
): Map<string, Value> {
  const known = maps.get(schema);
  if (known) return known;
  const made = new Map<string, Value>();
  maps.set(schema, made);
  return made;
}

function tooLarge(bytes: number, maxBytes: number): PenstockError {
  return new PenstockError('PIPE_TASK_TOO_LARGE', `the value has ${bytes} bytes; the limit is ${maxBytes}`, {
    context: { bytes, maxBytes },
  });
}
