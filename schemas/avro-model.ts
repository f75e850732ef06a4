import { PenstockError } from './errors.ts';
import type { AvroJson } from './record-schema.ts';

const primitives = ['null', 'boolean', 'int', 'long', 'float', 'double', 'bytes', 'string'] as const;
export type Primitive = (typeof primitives)[number];

export interface PrimitiveNode {
  readonly kind: Primitive;
}

interface Named {
  /** Full name. */
  readonly name: string;
  /** As written; compared without their namespaces. */
  readonly aliases: readonly string[];
  readonly doc: string;
}

export interface FixedNode extends Named {
  readonly kind: 'fixed';
  readonly size: number;
}

export interface EnumNode extends Named {
  readonly kind: 'enum';
  readonly symbols: readonly string[];
  readonly default: string | undefined;
}

export interface ArrayNode {
  readonly kind: 'array';
  readonly items: SchemaNode;
}

export interface MapNode {
  readonly kind: 'map';
  readonly values: SchemaNode;
}

export interface UnionNode {
  readonly kind: 'union';
  readonly branches: readonly SchemaNode[];
}

export interface FieldNode {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly doc: string;
  readonly type: SchemaNode;
  /** In Avro's JSON form; absent: the field has none. */
  readonly default?: { readonly value: unknown };
}

/** Records may hold themselves, so walks over the graph need a visited set or a depth limit. */
export interface RecordNode extends Named {
  readonly kind: 'record';
  readonly fields: readonly FieldNode[];
}

export type SchemaNode = PrimitiveNode | FixedNode | EnumNode | ArrayNode | MapNode | UnionNode | RecordNode;

/** Nesting of the schema itself; far above what people write, far below the stack. */
const maxSchemaDepth = 64;
const validName = /^[A-Za-z_][A-Za-z0-9_]*$/;

interface Scope {
  readonly names: Map<string, SchemaNode>;
  readonly namespace: string;
  readonly depth: number;
  /** Every name is a full name already: inner types inherit no namespace. */
  readonly qualified: boolean;
}

type JsonObject = Readonly<Record<string, unknown>>;

/**
 * Parses Avro JSON into a graph with names resolved; throws PIPE_SCHEMA_INVALID. `qualified` is for JSON that avsc wrote:
 * all its names are full names.
 */
export function parseAvro(avro: AvroJson, options: { readonly qualified?: boolean } = {}): SchemaNode {
  return parseNode(avro, { names: new Map(), namespace: '', depth: 0, qualified: options.qualified ?? false });
}

export function unqualified(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}

function invalid(message: string): PenstockError {
  return new PenstockError('PIPE_SCHEMA_INVALID', message);
}

function parseNode(json: unknown, scope: Scope): SchemaNode {
  if (scope.depth > maxSchemaDepth) throw invalid(`the schema is nested deeper than ${maxSchemaDepth} levels`);
  const inner = { ...scope, depth: scope.depth + 1 };
  if (typeof json === 'string') return parseReference(json, scope);
  if (Array.isArray(json)) return parseUnion(json, inner);
  if (typeof json !== 'object' || json === null) throw invalid('a type must be a name, a list or an object');
  return parseObject(json as JsonObject, inner);
}

function parseReference(name: string, scope: Scope): SchemaNode {
  const primitive = primitives.find((known) => known === name);
  if (primitive) return { kind: primitive };
  const known = scope.names.get(qualify(name, scope.namespace)) ?? scope.names.get(name);
  if (!known) throw invalid(`type “${name}” is not defined`);
  return known;
}

function parseUnion(json: readonly unknown[], scope: Scope): UnionNode {
  const branches = json.map((branch) => parseNode(branch, scope));
  if (branches.length === 0) throw invalid('a union needs at least one branch');
  if (branches.some((branch) => branch.kind === 'union')) throw invalid('a union may not hold a union');
  const labels = branches.map(labelOf);
  const twice = labels.find((label, index) => labels.indexOf(label) !== index);
  if (twice) throw invalid(`a union holds “${twice}” twice`);
  return { kind: 'union', branches };
}

/** Name by which people and Avro tell branches apart. */
export function labelOf(node: SchemaNode): string {
  return 'name' in node ? node.name : node.kind;
}

function parseObject(json: JsonObject, scope: Scope): SchemaNode {
  const { type } = json;
  switch (type) {
    case 'array':
      return { kind: 'array', items: parseNode(json.items, scope) };
    case 'map':
      return { kind: 'map', values: parseNode(json.values, scope) };
    case 'enum':
      return parseEnum(json, scope);
    case 'fixed':
      return parseFixed(json, scope);
    case 'record':
    case 'error':
      return parseRecord(json, scope);
    default:
      return parseNode(type, scope);
  }
}

function parseEnum(json: JsonObject, scope: Scope): EnumNode {
  const named = parseNames(json, scope);
  const symbols = stringsOf(json.symbols);
  if (symbols.length === 0 || new Set(symbols).size !== symbols.length || !symbols.every((s) => validName.test(s))) {
    throw invalid(`enum “${named.name}” needs distinct symbols that are valid names`);
  }
  const fallback = typeof json.default === 'string' ? json.default : undefined;
  if (fallback !== undefined && !symbols.includes(fallback)) {
    throw invalid(`the default of enum “${named.name}” is none of its symbols`);
  }
  return define({ kind: 'enum', ...named, symbols, default: fallback }, scope);
}

function parseFixed(json: JsonObject, scope: Scope): FixedNode {
  const named = parseNames(json, scope);
  const { size } = json;
  if (typeof size !== 'number' || !Number.isInteger(size) || size < 0) {
    throw invalid(`fixed “${named.name}” needs a size in bytes`);
  }
  return define({ kind: 'fixed', ...named, size }, scope);
}

function parseRecord(json: JsonObject, scope: Scope): RecordNode {
  const named = parseNames(json, scope);
  if (!Array.isArray(json.fields)) throw invalid(`record “${named.name}” needs a list of fields`);
  const fields: FieldNode[] = [];
  const node = define<RecordNode>({ kind: 'record', ...named, fields }, scope);
  const namespace = scope.qualified ? '' : named.name.slice(0, Math.max(0, named.name.lastIndexOf('.')));
  for (const field of json.fields) fields.push(parseField(field, named.name, { ...scope, namespace }));
  const twice = fields.find((field, index) => fields.findIndex((other) => other.name === field.name) !== index);
  if (twice) throw invalid(`record “${named.name}” has two fields named “${twice.name}”`);
  return node;
}

function parseField(json: unknown, record: string, scope: Scope): FieldNode {
  const field = (typeof json === 'object' && json !== null ? json : {}) as JsonObject;
  const { name, doc } = field;
  // "__proto__" is a valid Avro name, but as a key of a plain object it would set the prototype.
  if (typeof name !== 'string' || !validName.test(name) || name === '__proto__') {
    throw invalid(`record “${record}” has a field without a valid name`);
  }
  const base = {
    name,
    aliases: stringsOf(field.aliases),
    doc: typeof doc === 'string' ? doc : '',
    type: parseNode(field.type, scope),
  };
  return 'default' in field ? { ...base, default: { value: field.default } } : base;
}

function parseNames(json: JsonObject, scope: Scope): Named {
  const { name, doc } = json;
  if (typeof name !== 'string' || !name.split('.').every((part) => validName.test(part))) {
    throw invalid(`“${String(name)}” is no valid type name`);
  }
  const namespace = typeof json.namespace === 'string' ? json.namespace : scope.namespace;
  const full = qualify(name, namespace);
  if (scope.names.has(full)) throw invalid(`type “${full}” is defined twice`);
  return { name: full, aliases: stringsOf(json.aliases), doc: typeof doc === 'string' ? doc : '' };
}

function define<Node extends FixedNode | EnumNode | RecordNode>(node: Node, scope: Scope): Node {
  scope.names.set(node.name, node);
  return node;
}

function qualify(name: string, namespace: string): string {
  return name.includes('.') || namespace === '' ? name : `${namespace}.${name}`;
}

function stringsOf(json: unknown): readonly string[] {
  return Array.isArray(json) ? json.filter((entry) => typeof entry === 'string') : [];
}
