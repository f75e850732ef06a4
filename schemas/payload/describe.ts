import { type SchemaNode, unqualified } from '../avro-model.ts';

/** What a value must be, for people: completes “/url …”. */
export function describe(node: SchemaNode): string {
  return `must be ${noun(node)}`;
}

const nouns: Readonly<Record<string, string>> = {
  null: 'null',
  boolean: 'true or false',
  int: 'an integer of 32 bits',
  long: 'an integer within ±(2^53 − 2)',
  float: 'a number of 32 bits',
  double: 'a number',
  bytes: 'bytes: a string of characters up to U+00FF',
  string: 'a string',
};

function noun(node: SchemaNode): string {
  switch (node.kind) {
    case 'fixed':
      return `${node.size} bytes: a string of characters up to U+00FF`;
    case 'enum':
      return `one of ${node.symbols.map((symbol) => `“${symbol}”`).join(', ')}`;
    case 'array':
      return 'a list';
    case 'map':
      return 'an object';
    case 'union':
      return node.branches.map(noun).join(', or ');
    case 'record':
      return `an object (${unqualified(node.name)})`;
    default:
      return nouns[node.kind] ?? node.kind;
  }
}
