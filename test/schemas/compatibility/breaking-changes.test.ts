import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { breakingChanges } from '../../../schemas/compatibility/breaking-changes.ts';
import { checkCompatibility } from '../../../schemas/compatibility/check-compatibility.ts';
import type { AvroJson } from '../../../schemas/record-schema.ts';

const record = (...fields: unknown[]): AvroJson => ({ type: 'record', name: 'R', fields });
const field = (name: string, type: unknown, extra = {}): unknown => ({ name, type, ...extra });
const kind = (symbols: string[], extra = {}): unknown => ({ type: 'enum', name: 'Kind', symbols, ...extra });

describe('breaking changes are found', () => {
  const cases: [string, AvroJson, AvroJson, string][] = [
    [
      'a new field without default',
      record(field('a', 'int')),
      record(field('a', 'int'), field('b', 'int')),
      'new code cannot read old records: b: the field is new and has no default',
    ],
    [
      'a field without default taken away',
      record(field('a', 'int'), field('b', 'int')),
      record(field('a', 'int')),
      'old code cannot read new records: b: the field is new and has no default',
    ],
    [
      'a field renamed with an alias',
      record(field('a', 'int')),
      record(field('b', 'int', { aliases: ['a'] })),
      'old code cannot read new records: a: the field is new and has no default',
    ],
    [
      'a type widened',
      record(field('a', 'int')),
      record(field('a', 'long')),
      'old code cannot read new records: a: long cannot be read as int',
    ],
    [
      'a type narrowed',
      record(field('a', 'double')),
      record(field('a', 'float')),
      'new code cannot read old records: a: double cannot be read as float',
    ],
    [
      'a type replaced, inside a list',
      record(field('a', { type: 'array', items: 'string' })),
      record(field('a', { type: 'array', items: 'boolean' })),
      'new code cannot read old records: a[]: string cannot be read as boolean',
    ],
    [
      'a map turned into a list',
      record(field('a', { type: 'map', values: 'int' })),
      record(field('a', { type: 'array', items: 'int' })),
      'new code cannot read old records: a: map cannot be read as array',
    ],
    [
      'a field made nullable',
      record(field('a', 'int')),
      record(field('a', ['int', 'null'])),
      'old code cannot read new records: a: null cannot be read as int',
    ],
    [
      'a branch taken from a union',
      record(field('a', ['null', 'int', 'string'])),
      record(field('a', ['null', 'int'])),
      'new code cannot read old records: a: string cannot be read as any of null, int',
    ],
    [
      'an enum symbol taken away',
      record(field('a', kind(['x', 'y']))),
      record(field('a', kind(['x']))),
      'new code cannot read old records: a: enum Kind lacks “y” and has no default',
    ],
    [
      'an enum symbol added',
      record(field('a', kind(['x']))),
      record(field('a', kind(['x', 'y']))),
      'old code cannot read new records: a: enum Kind lacks “y” and has no default',
    ],
    [
      'a fixed of another size, inside a map',
      record(field('a', { type: 'map', values: { type: 'fixed', name: 'F', size: 4 } })),
      record(field('a', { type: 'map', values: { type: 'fixed', name: 'F', size: 5 } })),
      'new code cannot read old records: a{}: fixed F has 5 bytes, was 4',
    ],
    [
      'a record renamed',
      record(field('a', 'int')),
      { type: 'record', name: 'Q', fields: [field('a', 'int')] },
      'new code cannot read old records: R cannot be read as Q: another name, and no alias',
    ],
    [
      'a field changed in a record that holds itself',
      record(field('a', 'int'), field('next', ['null', 'R'])),
      record(field('a', 'boolean'), field('next', ['null', 'R'])),
      'new code cannot read old records: a: int cannot be read as boolean',
    ],
    [
      'a field changed in a nested record of a union',
      record(field('a', ['null', { type: 'record', name: 'S', fields: [field('b', 'int')] }])),
      record(field('a', ['null', { type: 'record', name: 'S', fields: [field('b', 'string')] }])),
      'new code cannot read old records: a.b: int cannot be read as string',
    ],
  ];
  it.each(cases)('%s', (_name, released, current, problem) => {
    expect(breakingChanges(released, current)).toContain(problem);
  });
});

describe('harmless changes pass', () => {
  const cases: [string, AvroJson, AvroJson][] = [
    [
      'a new field with a default',
      record(field('a', 'int')),
      record(field('a', 'int'), field('b', 'int', { default: 1 })),
    ],
    [
      'a field with a default taken away',
      record(field('a', 'int'), field('b', 'string', { default: '' })),
      record(field('a', 'int')),
    ],
    [
      'fields in another order',
      record(field('a', 'int'), field('b', 'string')),
      record(field('b', 'string'), field('a', 'int')),
    ],
    ['another default', record(field('a', 'int', { default: 1 })), record(field('a', 'int', { default: 2 }))],
    ['string and bytes', record(field('a', 'string')), record(field('a', 'bytes'))],
    [
      'an enum symbol added where both have a default',
      record(field('a', kind(['x'], { default: 'x' }))),
      record(field('a', kind(['x', 'y'], { default: 'x' }))),
    ],
    ['another namespace', record(field('a', 'int')), { type: 'record', name: 'n.R', fields: [field('a', 'int')] }],
    [
      'a list of itself',
      record(field('a', { type: 'array', items: 'R' })),
      record(field('a', { type: 'array', items: 'R' })),
    ],
  ];
  it.each(cases)('%s', (_name, released, current) => {
    expect(breakingChanges(released, current)).toEqual([]);
  });
});

describe('checkCompatibility', () => {
  it('is one way: a wider reader is fine', () => {
    expect(checkCompatibility(record(field('a', 'long')), record(field('a', 'int')))).toEqual([]);
    expect(checkCompatibility('int', 'long')).toEqual(['long cannot be read as int']);
  });

  it('names every problem', () => {
    const problems = checkCompatibility(
      record(field('a', 'int'), field('b', 'int'), field('c', 'int')),
      record(field('a', 'string'), field('b', 'boolean')),
    );
    expect(problems).toHaveLength(3);
  });

  it('does not run away on records that hold themselves twice', () => {
    const tree = record(field('left', ['null', 'R']), field('right', ['null', 'R']), field('a', 'int'));
    expect(checkCompatibility(tree, tree)).toEqual([]);
  });
});

describe('the committed schemas', () => {
  const folder = new URL('../../../schemas/', import.meta.url);
  const names = readdirSync(new URL('baseline/', folder));
  const read = (name: string, under: string): AvroJson =>
    JSON.parse(readFileSync(new URL(`${under}/${name}`, folder), 'utf8'));

  it.each(names)('%s does not break its released form', (name) => {
    expect(breakingChanges(read(name, 'baseline'), read(name, 'avro'))).toEqual([]);
  });
});
