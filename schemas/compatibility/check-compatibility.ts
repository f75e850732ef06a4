import {
  type EnumNode,
  type FieldNode,
  type FixedNode,
  labelOf,
  type Primitive,
  parseAvro,
  type RecordNode,
  type SchemaNode,
  type UnionNode,
  unqualified,
} from '../avro-model.ts';
import type { AvroJson } from '../record-schema.ts';

/**
 * Why data written with one schema cannot be read with the other; empty: it always can. Avro's rules, taken strictly:
 * every branch of the writer's unions and every symbol of its enums must be readable. Type names are compared without
 * their namespaces. Throws PIPE_SCHEMA_INVALID.
 */
export function checkCompatibility(reader: AvroJson, writer: AvroJson): string[] {
  return compareSchemas(parseAvro(reader), parseAvro(writer));
}

/** The same for parsed schemas. */
export function compareSchemas(reader: SchemaNode, writer: SchemaNode): string[] {
  return compare(reader, writer, { path: '', compared: new Map() });
}

/** `compared`: the answer for each pair of records, empty while it is being sought, so that a walk ends and stays short. */
interface Place {
  readonly path: string;
  readonly compared: Map<SchemaNode, Map<SchemaNode, string[]>>;
}

const promotions: Readonly<Record<string, readonly Primitive[]>> = {
  long: ['int'],
  float: ['int', 'long'],
  double: ['int', 'long', 'float'],
  string: ['bytes'],
  bytes: ['string'],
};

function compare(reader: SchemaNode, writer: SchemaNode, place: Place): string[] {
  if (writer.kind === 'union') return compareWriterUnion(reader, writer, place);
  if (reader.kind === 'union') return compareReaderUnion(reader, writer, place);
  if (reader.kind === 'record' && writer.kind === 'record') return compareRecords(reader, writer, place);
  if (reader.kind === 'enum' && writer.kind === 'enum') return compareEnums(reader, writer, place);
  if (reader.kind === 'fixed' && writer.kind === 'fixed') return compareFixed(reader, writer, place);
  if (reader.kind === 'array' && writer.kind === 'array') {
    return compare(reader.items, writer.items, at(place, '[]'));
  }
  if (reader.kind === 'map' && writer.kind === 'map') return compare(reader.values, writer.values, at(place, '{}'));
  const promoted = promotions[reader.kind]?.some((kind) => kind === writer.kind) ?? false;
  if (reader.kind === writer.kind || promoted) return [];
  return problem(place, `${labelOf(writer)} cannot be read as ${labelOf(reader)}`);
}

function compareWriterUnion(reader: SchemaNode, writer: UnionNode, place: Place): string[] {
  return writer.branches.flatMap((branch) => compare(reader, branch, place));
}

function compareReaderUnion(reader: UnionNode, writer: SchemaNode, place: Place): string[] {
  const attempts = reader.branches.map((branch) => compare(branch, writer, place));
  if (attempts.some((problems) => problems.length === 0)) return [];
  const sameName = reader.branches.findIndex((branch) => unqualified(labelOf(branch)) === unqualified(labelOf(writer)));
  const labels = reader.branches.map(labelOf).join(', ');
  return attempts[sameName] ?? problem(place, `${labelOf(writer)} cannot be read as any of ${labels}`);
}

function compareRecords(reader: RecordNode, writer: RecordNode, place: Place): string[] {
  const partners = place.compared.get(reader) ?? new Map<SchemaNode, string[]>();
  const known = partners.get(writer);
  if (known) return known;
  place.compared.set(reader, partners.set(writer, []));
  const fields = reader.fields.flatMap((field) => compareField(field, writer, at(place, field.name)));
  const problems = [...compareNames(reader, writer, place), ...fields];
  partners.set(writer, problems);
  return problems;
}

function compareField(field: FieldNode, writer: RecordNode, place: Place): string[] {
  const names = [field.name, ...field.aliases];
  const sources = writer.fields.filter((candidate) => names.includes(candidate.name));
  const [source, second] = sources;
  if (second)
    return problem(place, `the field has more than one source: ${sources.map(({ name }) => name).join(', ')}`);
  if (source) return compare(field.type, source.type, place);
  return field.default ? [] : problem(place, 'the field is new and has no default');
}

function compareEnums(reader: EnumNode, writer: EnumNode, place: Place): string[] {
  const unknown = writer.symbols.filter((symbol) => !reader.symbols.includes(symbol));
  const names = compareNames(reader, writer, place);
  if (unknown.length === 0 || reader.default !== undefined) return names;
  const list = unknown.map((symbol) => `“${symbol}”`).join(', ');
  return [...names, ...problem(place, `enum ${labelOf(reader)} lacks ${list} and has no default`)];
}

function compareFixed(reader: FixedNode, writer: FixedNode, place: Place): string[] {
  const names = compareNames(reader, writer, place);
  if (reader.size === writer.size) return names;
  return [...names, ...problem(place, `fixed ${labelOf(reader)} has ${reader.size} bytes, was ${writer.size}`)];
}

type NamedNode = RecordNode | EnumNode | FixedNode;

function compareNames(reader: NamedNode, writer: NamedNode, place: Place): string[] {
  const known = [reader.name, ...reader.aliases].map(unqualified);
  if (known.includes(unqualified(writer.name))) return [];
  return problem(place, `${writer.name} cannot be read as ${reader.name}: another name, and no alias`);
}

function at(place: Place, step: string): Place {
  const joint = place.path === '' || /^[[{]/.test(step) ? '' : '.';
  return { ...place, path: `${place.path}${joint}${step}` };
}

function problem(place: Place, message: string): string[] {
  return [place.path === '' ? message : `${place.path}: ${message}`];
}
