import avsc from 'avsc';
import { parseAvro, type SchemaNode } from '../avro-model.ts';
import { messageOf, PenstockError } from '../errors.ts';
import { pointerOf } from '../payload/payload-checks.ts';
import type { AvroJson, RecordSchema } from '../record-schema.ts';
import { schemaProblems } from '../schema-problems.ts';

/** avsc's Type; the name by which the rest of the codec calls it. */
export type AvroType = avsc.Type;
export type AvroResolver = ReturnType<AvroType['createResolver']>;

/** Compiles a schema that we read or write with: its unions must be told apart by the value alone. */
export function compileType(schema: RecordSchema<unknown>): AvroType {
  const problems = schemaProblems(parseAvro(schema.avro));
  if (problems.length > 0) throw new PenstockError('PIPE_SCHEMA_INVALID', `${schema.name}: ${problems.join('; ')}`);
  try {
    const type = avsc.Type.forSchema(mutableCopy(schema.avro), { wrapUnions: 'never', omitRecordMethods: true });
    for (const enumType of enumsOf(type)) hardenEnum(enumType);
    return type;
  } catch (thrown) {
    throw new PenstockError('PIPE_SCHEMA_INVALID', `${schema.name}: ${messageOf(thrown)}`, { cause: thrown });
  }
}

/** What the registry package hands out, if it is Avro. */
export function asAvroType(schema: unknown): AvroType {
  if (avsc.Type.isType(schema)) return schema as AvroType;
  throw new Error('it is not an Avro schema');
}

/** The graph of a type that came from the registry. */
export function modelOf(type: AvroType): SchemaNode {
  return parseAvro(type.schema({ exportAttrs: true }) as AvroJson, { qualified: true });
}

/** undefined: both write the same bytes for the same value, so none is needed. Namespaces do not count, as in the Avro specification. */
export function createResolver(reader: AvroType, writer: AvroType): AvroResolver | undefined {
  return reader.equals(writer) ? undefined : reader.createResolver(writer, { ignoreNamespaces: true });
}

/** Pointers to what keeps a value from being written. */
export function invalidPointers(type: AvroType, value: unknown): string[] {
  const pointers: string[] = [];
  type.isValid(value, { errorHook: (path) => pointers.push(pointerOf(path)) });
  return pointers.slice(0, 20);
}

function mutableCopy(avro: AvroJson): avsc.schema.AvroSchema {
  return structuredClone(avro) as avsc.schema.AvroSchema;
}

/**
 * avsc looks symbols up in a plain object, so that “constructor” counts as a symbol and is written as garbage. Its
 * table loses its prototype here.
 */
function hardenEnum(type: AvroType): void {
  const indices: unknown = Reflect.get(type, '_indices');
  if (typeof indices === 'object' && indices !== null) Object.setPrototypeOf(indices, null);
}

function enumsOf(type: AvroType, found: Set<AvroType> = new Set()): AvroType[] {
  if (found.has(type)) return [];
  found.add(type);
  const inner = innerTypes(type).flatMap((child) => enumsOf(child, found));
  return type.typeName === 'enum' ? [type, ...inner] : inner;
}

function innerTypes(type: AvroType): readonly AvroType[] {
  if (type instanceof avsc.types.RecordType) return type.fields.map((field) => field.type);
  if (type instanceof avsc.types.ArrayType) return [type.itemsType];
  if (type instanceof avsc.types.MapType) return [type.valuesType];
  if (type instanceof avsc.types.UnwrappedUnionType) return type.types;
  return [];
}

/** Why avsc cannot read with one schema what was written with the other. */
export function resolverProblem(reader: AvroJson, writer: AvroJson): string | undefined {
  try {
    createResolver(avsc.Type.forSchema(mutableCopy(reader)), avsc.Type.forSchema(mutableCopy(writer)));
    return undefined;
  } catch (thrown) {
    return messageOf(thrown).slice(0, 300);
  }
}
