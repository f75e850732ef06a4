import { type FieldNode, labelOf, type SchemaNode } from './avro-model.ts';
import { compileChecks, type Walk } from './payload/payload-checks.ts';

/** Why a schema cannot serve tasks, though it is Avro: unions whose values look alike, defaults that do not fit. */
export function schemaProblems(root: SchemaNode): string[] {
  return [...nodesOf(root)].flatMap((node) => {
    if (node.kind === 'union') return ambiguityOf(node.branches);
    return node.kind === 'record' ? node.fields.flatMap((field) => defaultProblem(node.name, field)) : [];
  });
}

function nodesOf(node: SchemaNode, found: Set<SchemaNode> = new Set()): Set<SchemaNode> {
  if (found.has(node)) return found;
  found.add(node);
  for (const inner of innerNodes(node)) nodesOf(inner, found);
  return found;
}

function innerNodes(node: SchemaNode): readonly SchemaNode[] {
  switch (node.kind) {
    case 'array':
      return [node.items];
    case 'map':
      return [node.values];
    case 'union':
      return node.branches;
    case 'record':
      return node.fields.map((field) => field.type);
    default:
      return [];
  }
}

/** Values of union branches are plain, so at most one branch may look like each of these. */
const looks: Readonly<Record<string, string>> = {
  int: 'number',
  long: 'number',
  float: 'number',
  double: 'number',
  enum: 'string',
  fixed: 'bytes',
  map: 'object',
  record: 'object',
};

function ambiguityOf(branches: readonly SchemaNode[]): string[] {
  const seen = new Map<string, SchemaNode>();
  for (const branch of branches) {
    const look = looks[branch.kind] ?? branch.kind;
    const other = seen.get(look);
    if (other) return [`a union holds ${labelOf(other)} and ${labelOf(branch)}, whose values cannot be told apart`];
    seen.set(look, branch);
  }
  return [];
}

/** A default belongs to the first branch of a union. */
function defaultProblem(record: string, field: FieldNode): string[] {
  if (!field.default) return [];
  const type = field.type.kind === 'union' ? (field.type.branches[0] ?? field.type) : field.type;
  const walk: Walk = { path: [], errors: [] };
  compileChecks(type)(field.default.value, walk);
  return walk.errors.slice(0, 1).map(({ message }) => `the default of ${record}.${field.name} ${message}`);
}
