import { type FieldNode, parseAvro, type RecordNode, type SchemaNode, unqualified } from './avro-model.ts';
import { PenstockError } from './errors.ts';
import type { AvroJson } from './record-schema.ts';

/** TypeScript source for one .avsc: an interface per record, a string union per enum, the schema as a constant. */
export function generateTypes(fileName: string, avro: AvroJson): string {
  const root = parseAvro(avro);
  if (root.kind !== 'record') throw new PenstockError('PIPE_SCHEMA_INVALID', `${fileName} must hold a record`);
  const declarations = [...collectNamed(root)].map(declare);
  return [
    `// Made from schemas/avro/${fileName} by npm run gen. Do not edit.`,
    "import type { RecordSchema } from '../record-schema.ts';",
    '',
    ...declarations,
    schemaConstant(root, avro),
    '',
  ].join('\n');
}

type Named = RecordNode | Extract<SchemaNode, { kind: 'enum' }>;

/** Outermost first, each once. */
function collectNamed(node: SchemaNode, found: Set<Named> = new Set()): Set<Named> {
  if (node.kind === 'array') return collectNamed(node.items, found);
  if (node.kind === 'map') return collectNamed(node.values, found);
  if (node.kind === 'union') for (const branch of node.branches) collectNamed(branch, found);
  if (node.kind === 'enum') found.add(node);
  if (node.kind === 'record' && !found.has(node)) {
    found.add(node);
    for (const field of node.fields) collectNamed(field.type, found);
  }
  return found;
}

function declare(node: Named): string {
  const name = unqualified(node.name);
  const head = docComment(node.doc, '');
  if (node.kind === 'enum') return `${head}export type ${name} =${node.symbols.map((s) => `\n  | '${s}'`).join('')};\n`;
  return `${head}export interface ${name} {\n${node.fields.map(declareField).join('')}}\n`;
}

function declareField(field: FieldNode): string {
  return `${docComment(field.doc, '  ')}  readonly ${field.name}: ${typeText(field.type)};\n`;
}

function docComment(doc: string, indent: string): string {
  return doc === '' ? '' : `${indent}/** ${doc.replaceAll('*/', '*\\/')} */\n`;
}

function typeText(node: SchemaNode): string {
  switch (node.kind) {
    case 'null':
    case 'boolean':
    case 'string':
      return node.kind;
    case 'int':
    case 'long':
    case 'float':
    case 'double':
      return 'number';
    case 'bytes':
    case 'fixed':
      return 'Buffer';
    case 'array':
      return `readonly ${parenthesised(node.items)}[]`;
    case 'map':
      return `Readonly<Record<string, ${typeText(node.values)}>>`;
    case 'union':
      return [...new Set(node.branches.map(typeText))].join(' | ');
    default:
      return unqualified(node.name);
  }
}

function parenthesised(items: SchemaNode): string {
  const text = typeText(items);
  return /^[\w]+$/.test(text) ? text : `(${text})`;
}

function schemaConstant(root: RecordNode, avro: AvroJson): string {
  const name = unqualified(root.name);
  const constant = `${name.charAt(0).toLowerCase()}${name.slice(1)}Schema`;
  return `export const ${constant}: RecordSchema<${name}> = {\n  name: '${root.name}',\n  avro: ${JSON.stringify(avro, null, 2).replaceAll('\n', '\n  ')},\n};`;
}
