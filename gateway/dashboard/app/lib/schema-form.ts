/** One field of a form, at a place of the payload. */
export interface FormField {
  /** RFC 6901, as the gateway names what does not fit. */
  readonly pointer: string;
  readonly name: string;
  readonly doc: string;
  readonly kind: 'text' | 'integer' | 'number' | 'choice' | 'json';
  readonly choices: readonly string[];
  /** Left empty: its default is taken, or null. */
  readonly isOptional: boolean;
  /** What an empty field means. */
  readonly empty: 'default' | 'null' | 'text' | 'missing';
  /** For people: what to write. */
  readonly hint: string;
}

type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** Records in records become fields of their own so deep; what is deeper is written as JSON. */
const maxDepth = 3;

/** A form for a payload of that Avro schema; lists, maps and choices of types are fields to write JSON into. */
export function fieldsOf(schema: unknown, pointer = '', depth = 0, named = new Map<string, Json>()): FormField[] {
  if (!isObject(schema)) return [];
  remember(schema, named);
  return listOf(schema.fields)
    .filter(isObject)
    .flatMap((field) => {
      const place = `${pointer}/${textOf(field.name)}`;
      const { type, isNullable } = readType(field.type, named);
      const isRecord = isObject(type) && type.type === 'record';
      const isOptional = isNullable || 'default' in field;
      if (isRecord && !isOptional && depth < maxDepth) return fieldsOf(type, place, depth + 1, named);
      if (isObject(type)) remember(type, named);
      return [fieldOf(place, field, type, isNullable)];
    });
}

function fieldOf(pointer: string, field: Json, type: unknown, isNullable: boolean): FormField {
  const kind = kindOf(type);
  const choices = type === 'boolean' ? ['true', 'false'] : listOf(isObject(type) ? type.symbols : []).map(String);
  const empty = 'default' in field ? 'default' : isNullable ? 'null' : kind === 'text' ? 'text' : 'missing';
  const base = { pointer, name: pointer.slice(1).replaceAll('/', '.'), doc: textOf(field.doc), kind, choices };
  return { ...base, empty, isOptional: empty === 'default' || empty === 'null', hint: hintOf(field, kind, empty) };
}

function hintOf(field: Json, kind: FormField['kind'], empty: FormField['empty']): string {
  const form = kind === 'json' ? 'JSON' : kind === 'text' || kind === 'choice' ? '' : kind;
  const usual = empty === 'default' ? `empty: ${JSON.stringify(field.default)}` : empty === 'null' ? 'empty: null' : '';
  return [form, usual].filter((part) => part !== '').join('; ');
}

function readType(type: unknown, named: ReadonlyMap<string, Json>): { type: unknown; isNullable: boolean } {
  const branches = Array.isArray(type) ? type.filter((branch) => branch !== 'null') : [type];
  const only = branches.length === 1 ? branches[0] : branches;
  const resolved = typeof only === 'string' ? (named.get(only) ?? only) : only;
  return {
    type:
      isObject(resolved) && typeof resolved.type === 'string' && plain.has(resolved.type) ? resolved.type : resolved,
    isNullable: Array.isArray(type) && branches.length < type.length,
  };
}

const plain = new Set(['boolean', 'int', 'long', 'float', 'double', 'string', 'bytes']);

function kindOf(type: unknown): FormField['kind'] {
  if (type === 'boolean' || (isObject(type) && type.type === 'enum')) return 'choice';
  if (type === 'int' || type === 'long') return 'integer';
  if (type === 'float' || type === 'double') return 'number';
  return type === 'string' || type === 'bytes' || (isObject(type) && type.type === 'fixed') ? 'text' : 'json';
}

/** By short and full name: later fields may name a type instead of writing it again. */
function remember(type: Json, named: Map<string, Json>): void {
  const name = textOf(type.name);
  if (name === '') return;
  named.set(name, type);
  if (textOf(type.namespace) !== '') named.set(`${textOf(type.namespace)}.${name}`, type);
}

export interface FilledForm {
  readonly payload: Readonly<Record<string, unknown>>;
  /** By pointer: what cannot be sent as it is. */
  readonly problems: ReadonlyMap<string, string>;
}

/** The payload that the texts make; what an empty field leaves to its default is not there. */
export function payloadOf(fields: readonly FormField[], texts: ReadonlyMap<string, string>): FilledForm {
  const payload: Record<string, unknown> = {};
  const problems = new Map<string, string>();
  for (const field of fields) {
    const text = texts.get(field.pointer) ?? '';
    if (text === '' && field.empty === 'default') continue;
    try {
      put(payload, field.pointer, text === '' ? emptyValue(field) : valueFrom(field, text));
    } catch (error) {
      problems.set(field.pointer, error instanceof Error ? error.message : String(error));
    }
  }
  return { payload, problems };
}

function emptyValue({ empty }: FormField): unknown {
  if (empty === 'missing') throw new Error('is needed');
  return empty === 'null' ? null : '';
}

function valueFrom({ kind, choices }: FormField, text: string): unknown {
  if (kind === 'text') return text;
  if (kind === 'choice') return choices.includes('true') && choices.length === 2 ? text === 'true' : text;
  if (kind === 'json') return parsed(text);
  const value = Number(text);
  if (kind === 'integer' && !(/^\s*-?\d+\s*$/.test(text) && Number.isSafeInteger(value))) {
    throw new Error('must be a whole number');
  }
  if (!Number.isFinite(value) || text.trim() === '') throw new Error('must be a number');
  return value;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error('must be JSON');
  }
}

function put(payload: Record<string, unknown>, pointer: string, value: unknown): void {
  const names = pointer.slice(1).split('/');
  const last = names.pop() ?? '';
  let at: Record<string, unknown> = payload;
  for (const name of names) {
    const inner: Record<string, unknown> = isObject(at[name]) ? { ...at[name] } : {};
    at[name] = inner;
    at = inner;
  }
  at[last] = value;
}
