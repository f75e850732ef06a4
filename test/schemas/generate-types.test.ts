import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseAvro, type RecordNode, type SchemaNode } from '../../schemas/avro-model.ts';
import { generateTypes } from '../../schemas/generate-types.ts';

const schemas = new URL('../../schemas/', import.meta.url);
const sources = readdirSync(new URL('avro/', schemas));
const read = (path: string): string => readFileSync(new URL(path, schemas), 'utf8');

describe('generateTypes', () => {
  it('writes an interface per record, a union per enum, the schema as a constant', () => {
    const avro = {
      type: 'record',
      name: 'Sample',
      namespace: 'n',
      doc: 'Ends */ here.',
      fields: [
        { name: 'id', type: 'string', doc: 'Id.' },
        { name: 'kind', type: { type: 'enum', name: 'Kind', symbols: ['a', 'b'] } },
        { name: 'raw', type: ['null', 'bytes'] },
        { name: 'rows', type: { type: 'array', items: ['null', 'long'] } },
        { name: 'parts', type: { type: 'map', values: { type: 'record', name: 'Part', fields: [] } } },
        { name: 'next', type: ['null', 'Sample'] },
      ],
    };
    const text = generateTypes('sample.avsc', avro);
    expect(text).toContain(
      [
        '/** Ends *\\/ here. */',
        'export interface Sample {',
        '  /** Id. */',
        '  readonly id: string;',
        '  readonly kind: Kind;',
        '  readonly raw: null | Buffer;',
        '  readonly rows: readonly (null | number)[];',
        '  readonly parts: Readonly<Record<string, Part>>;',
        '  readonly next: null | Sample;',
        '}',
      ].join('\n'),
    );
    expect(text).toContain("export type Kind =\n  | 'a'\n  | 'b';");
    expect(text).toContain("export const sampleSchema: RecordSchema<Sample> = {\n  name: 'n.Sample',");
  });

  it('refuses what is no record', () => {
    expect(() => generateTypes('x.avsc', 'string')).toThrow(/x.avsc must hold a record/);
  });
});

describe('schemas/avro', () => {
  it.each(sources)('%s: the generated types are fresh (npm run gen)', (name) => {
    const generated = read(`generated/${name.replace('.avsc', '.ts')}`);
    expect(generated).toBe(generateTypes(name, JSON.parse(read(`avro/${name}`))));
  });

  it.each(sources)('%s: every type and field has a doc, every number its unit', (name) => {
    for (const record of recordsOf(parseAvro(JSON.parse(read(`avro/${name}`))))) {
      expect(record.doc, record.name).not.toBe('');
      for (const { name: field, doc } of record.fields) {
        expect(doc, field).toMatch(/\.$/);
        if (/At$|Time$|Ms$/.test(field)) expect(doc, field).toContain('milliseconds');
        if (/[bB]ytes/.test(field)) expect(doc, field).toContain('bytes');
      }
    }
  });
});

function recordsOf(node: SchemaNode): RecordNode[] {
  if (node.kind === 'array') return recordsOf(node.items);
  if (node.kind === 'union') return node.branches.flatMap(recordsOf);
  return node.kind === 'record' ? [node, ...node.fields.flatMap((field) => recordsOf(field.type))] : [];
}
