/** Avro schema as parsed JSON. */
export type AvroJson = string | { readonly [key: string]: unknown } | readonly unknown[];

/**
 * An Avro record schema that carries the TypeScript type of its values. `gen` makes one for each .avsc of this folder;
 * `avroSchema()` makes one in place.
 */
export interface RecordSchema<T> {
  /** Full Avro name, for messages. */
  readonly name: string;
  readonly avro: AvroJson;
  /** Never set: it only carries T for the type checker. */
  readonly __value?: T;
}
