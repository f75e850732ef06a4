import { parseAvro } from './avro-model.ts';
import { PenstockError } from './errors.ts';
import type { AvroJson, RecordSchema } from './record-schema.ts';
import { schemaProblems } from './schema-problems.ts';

/** An Avro record, written in place. */
export interface RecordLiteral {
  readonly type: 'record';
  readonly name: string;
  readonly namespace?: string;
  readonly doc?: string;
  readonly aliases?: readonly string[];
  readonly fields: readonly FieldLiteral[];
}

export interface FieldLiteral {
  readonly name: string;
  readonly type: TypeLiteral;
  readonly doc?: string;
  readonly default?: unknown;
  readonly aliases?: readonly string[];
}

/** A primitive's name, the name of a type defined further up, a union, or a definition. */
export type TypeLiteral =
  | string
  | readonly TypeLiteral[]
  | RecordLiteral
  | { readonly type: 'array'; readonly items: TypeLiteral }
  | { readonly type: 'map'; readonly values: TypeLiteral }
  | {
      readonly type: 'enum';
      readonly name: string;
      readonly symbols: readonly string[];
      readonly default?: string;
      readonly doc?: string;
    }
  | { readonly type: 'fixed'; readonly name: string; readonly size: number; readonly doc?: string }
  | { readonly type: PrimitiveName; readonly logicalType?: string };

type PrimitiveName = 'null' | 'boolean' | 'int' | 'long' | 'float' | 'double' | 'bytes' | 'string';

/**
 * A schema for a stage of your own, its TypeScript type inferred from the literal:
 *
 *     const input = avroSchema({
 *       type: 'record', name: 'Resize', namespace: 'shop',
 *       fields: [{ name: 'url', type: 'string' }, { name: 'widthPx', type: ['null', 'int'], default: null }],
 *     })                                // RecordSchema<{ readonly url: string; readonly widthPx: number | null }>
 *
 * Make it once, at module level. Throws PIPE_SCHEMA_INVALID where it is no Avro, a union's values cannot be told
 * apart, or a default does not fit its type.
 */
export function avroSchema<const S extends RecordLiteral>(schema: S): RecordSchema<ValueOf<S>> {
  const avro: AvroJson = Object.fromEntries(Object.entries(schema));
  const root = parseAvro(avro);
  const problems = schemaProblems(root);
  if (problems.length > 0) throw new PenstockError('PIPE_SCHEMA_INVALID', `${schema.name}: ${problems.join('; ')}`);
  return { name: 'name' in root ? root.name : schema.name, avro };
}

/** The TypeScript type of the values of an Avro literal; of a schema that is no literal, only that they are objects. */
export type ValueOf<S extends RecordLiteral> = string extends S['fields'][number]['name']
  ? Readonly<Record<string, unknown>>
  : Infer<S, NamedIn<S>>;

interface Primitives {
  readonly null: null;
  readonly boolean: boolean;
  readonly int: number;
  readonly long: number;
  readonly float: number;
  readonly double: number;
  readonly bytes: Buffer;
  readonly string: string;
}

/** `Named`: the union of all named types of the literal, for references by name. */
type Infer<S, Named> = S extends keyof Primitives
  ? Primitives[S]
  : S extends string
    ? InferReference<Lookup<S, Named>, Named>
    : S extends readonly (infer Branch)[]
      ? InferEach<Branch, Named>
      : InferDefinition<S, Named>;

type InferEach<Branch, Named> = Branch extends unknown ? Infer<Branch, Named> : never;

type InferReference<Definition, Named> = [Definition] extends [never] ? unknown : InferDefinition<Definition, Named>;

type InferDefinition<S, Named> = S extends { readonly type: 'record'; readonly fields: infer Fields }
  ? InferFields<Fields, Named>
  : S extends { readonly type: 'array'; readonly items: infer Items }
    ? readonly Infer<Items, Named>[]
    : S extends { readonly type: 'map'; readonly values: infer Values }
      ? { readonly [key: string]: Infer<Values, Named> }
      : S extends { readonly type: 'enum'; readonly symbols: readonly (infer Symbols)[] }
        ? Symbols
        : S extends { readonly type: 'fixed' }
          ? Buffer
          : S extends { readonly type: infer Inner }
            ? Infer<Inner, Named>
            : never;

type InferFields<Fields, Named> = Fields extends readonly (infer Field extends FieldLiteral)[]
  ? { readonly [F in Field as F['name']]: Infer<F['type'], Named> }
  : never;

/** A reference by simple or by full name. */
type Lookup<Name extends string, Named> = Name extends `${string}.${infer Rest}`
  ? Lookup<Rest, Named>
  : Extract<Named, { readonly name: Name | `${string}.${Name}` }>;

type NamedIn<S> = S extends readonly (infer Branch)[]
  ? NamedIn<Branch>
  : S extends { readonly type: 'record'; readonly fields: readonly (infer Field)[] }
    ? S | (Field extends { readonly type: infer Type } ? NamedIn<Type> : never)
    : S extends { readonly type: 'array'; readonly items: infer Items }
      ? NamedIn<Items>
      : S extends { readonly type: 'map'; readonly values: infer Values }
        ? NamedIn<Values>
        : S extends { readonly type: 'enum' | 'fixed' }
          ? S
          : never;
