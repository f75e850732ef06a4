import type { FieldNode, RecordNode, SchemaNode } from '../avro-model.ts';
import { describe } from './describe.ts';

export interface PayloadError {
  /** RFC 6901; the empty string is the payload itself. */
  readonly pointer: string;
  readonly message: string;
}

/** One walk over one payload. Path and errors are shared by all checks of the walk, so that a valid payload costs no strings. */
export interface Walk {
  readonly path: (string | number)[];
  readonly errors: PayloadError[];
}

/** Gives back the value as the codec wants it (defaults filled in, bytes as Buffer); void of meaning once an error is noted. */
export type Check = (value: unknown, walk: Walk) => unknown;

/** Reports enough to mend a payload, never a message as long as the payload. */
const maxErrors = 20;
/** Levels of records, lists and maps; a schema that holds itself must end somewhere. */
const maxDepth = 100;
const maxInt = 2_147_483_647;
const maxFloat = 3.4028234663852886e38;

type Compiled = Map<SchemaNode, Check>;

/** Compiles a schema into one function; each record once, so that schemas may hold themselves. */
export function compileChecks(node: SchemaNode, compiled: Compiled = new Map()): Check {
  const known = compiled.get(node);
  if (known) return known;
  if (node.kind === 'record') return compileRecord(node, compiled);
  const check = compileOther(node, compiled);
  compiled.set(node, check);
  return check;
}

function compileOther(node: Exclude<SchemaNode, RecordNode>, compiled: Compiled): Check {
  switch (node.kind) {
    case 'array':
      return listCheck(node, compileChecks(node.items, compiled));
    case 'map':
      return mapCheck(node, compileChecks(node.values, compiled));
    case 'union':
      return unionCheck(node, compiled);
    case 'bytes':
      return bytesCheck(node, () => true);
    case 'fixed':
      return bytesCheck(node, (bytes) => bytes.length === node.size);
    default:
      return plainCheck(node);
  }
}

type Plain = Exclude<SchemaNode, { kind: 'record' | 'array' | 'map' | 'union' | 'bytes' | 'fixed' }>;

function plainCheck(node: Plain): Check {
  const fits = plainTest(node);
  const wanted = describe(node);
  return (value, walk) => (fits(value) ? value : fail(walk, wanted));
}

function plainTest(node: Plain): (value: unknown) => boolean {
  switch (node.kind) {
    case 'null':
      return (value) => value === null;
    case 'int':
      return (value) => isIntegerUpTo(value, maxInt) || value === -maxInt - 1;
    case 'long':
      // avsc's own bound is one below MAX_SAFE_INTEGER.
      return (value) => isIntegerUpTo(value, Number.MAX_SAFE_INTEGER - 1);
    case 'float':
      return (value) => typeof value === 'number' && Math.abs(value) <= maxFloat;
    case 'double':
      return (value) => typeof value === 'number' && Number.isFinite(value);
    case 'enum':
      return (value) => typeof value === 'string' && node.symbols.includes(value);
    default:
      return (value) => typeof value === node.kind;
  }
}

function isIntegerUpTo(value: unknown, limit: number): boolean {
  return typeof value === 'number' && Number.isInteger(value) && Math.abs(value) <= limit;
}

/** Avro's JSON form of bytes: one character for each byte. Buffers are taken as they are. */
function bytesCheck(node: SchemaNode, fits: (bytes: Buffer) => boolean): Check {
  const wanted = describe(node);
  return (value, walk) => {
    const bytes = Buffer.isBuffer(value) ? value : latin1(value);
    return bytes && fits(bytes) ? bytes : fail(walk, wanted);
  };
}

function latin1(value: unknown): Buffer | undefined {
  if (typeof value !== 'string' || /[^\0-\u00ff]/.test(value)) return undefined;
  return Buffer.from(value, 'latin1');
}

function listCheck(node: SchemaNode, item: Check): Check {
  const wanted = describe(node);
  return (value, walk) => {
    if (!Array.isArray(value)) return fail(walk, wanted);
    if (tooDeep(walk)) return undefined;
    return value.map((entry, index) => inside(walk, index, item, entry));
  };
}

function mapCheck(node: SchemaNode, item: Check): Check {
  const wanted = describe(node);
  return (value, walk) => {
    if (!isPlainObject(value)) return fail(walk, wanted);
    if (tooDeep(walk)) return undefined;
    const out: Record<string, unknown> = {};
    for (const key of Object.keys(value)) {
      if (key === '__proto__') fail(walk, 'may not have the key __proto__');
      else out[key] = inside(walk, key, item, value[key]);
    }
    return out;
  };
}

/** The first branch that fits wins; where only one branch is no null, its own complaints are the useful ones. */
function unionCheck(node: Extract<SchemaNode, { kind: 'union' }>, compiled: Compiled): Check {
  const branches = node.branches.map((branch) => compileChecks(branch, compiled));
  const allowsNull = node.branches.some((branch) => branch.kind === 'null');
  const others = branches.filter((_, index) => node.branches[index]?.kind !== 'null');
  const [only, second] = others;
  if (only && !second) return (value, walk) => (allowsNull && value === null ? null : only(value, walk));
  const wanted = describe(node);
  return (value, walk) => {
    if (allowsNull && value === null) return null;
    for (const branch of others) {
      const before = walk.errors.length;
      const result = branch(value, walk);
      if (walk.errors.length === before) return result;
      walk.errors.length = before;
    }
    return fail(walk, wanted);
  };
}

interface CompiledField {
  readonly name: string;
  readonly check: Check;
  /** Absent: the field must be given. */
  readonly makeDefault: (() => unknown) | undefined;
}

function compileRecord(node: RecordNode, compiled: Compiled): Check {
  const fields: CompiledField[] = [];
  const wanted = describe(node);
  const check: Check = (value, walk) => {
    if (!isPlainObject(value)) return fail(walk, wanted);
    if (tooDeep(walk)) return undefined;
    const out: Record<string, unknown> = {};
    for (const field of fields) out[field.name] = checkField(field, value, walk);
    return out;
  };
  compiled.set(node, check);
  for (const field of node.fields) fields.push(compileField(field, compiled));
  return check;
}

function compileField(field: FieldNode, compiled: Compiled): CompiledField {
  const check = compileChecks(field.type, compiled);
  const { default: fallback } = field;
  if (!fallback) return { name: field.name, check, makeDefault: undefined };
  // A default belongs to the first branch of a union; made anew each time, since lists and maps can be changed.
  const first = field.type.kind === 'union' ? field.type.branches[0] : undefined;
  const checkDefault = first ? compileChecks(first, compiled) : check;
  return { name: field.name, check, makeDefault: () => checkDefault(fallback.value, { path: [], errors: [] }) };
}

function checkField(field: CompiledField, value: Readonly<Record<string, unknown>>, walk: Walk): unknown {
  const given = Object.hasOwn(value, field.name) ? value[field.name] : undefined;
  if (given !== undefined) return inside(walk, field.name, field.check, given);
  return field.makeDefault ? field.makeDefault() : inside(walk, field.name, missing, undefined);
}

const missing: Check = (_value, walk) => fail(walk, 'is missing');

function inside(walk: Walk, key: string | number, check: Check, value: unknown): unknown {
  walk.path.push(key);
  const result = check(value, walk);
  walk.path.pop();
  return result;
}

function tooDeep(walk: Walk): boolean {
  if (walk.path.length < maxDepth) return false;
  fail(walk, `is nested deeper than ${maxDepth} levels`);
  return true;
}

function fail(walk: Walk, message: string): undefined {
  if (walk.errors.length < maxErrors) walk.errors.push({ pointer: pointerOf(walk.path), message });
  return undefined;
}

/** RFC 6901 pointer of a path. */
export function pointerOf(path: readonly (string | number)[]): string {
  return path.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !Buffer.isBuffer(value);
}
