import type { RecordNode, SchemaNode } from '../avro-model.ts';
import { PenstockError } from '../errors.ts';

/**
 * avsc trusts the item counts of arrays and maps: five bytes can make it loop for seconds or take gigabytes. The guard
 * walks a body by its writer schema before avsc sees it, in steps bounded by the body's length, and lets nothing pass
 * whose counts, sizes or lengths do not add up; what the reader would skip is walked too, and so are block sizes, by
 * which avsc jumps unchecked.
 */
export type Guard = (body: Buffer, start: number) => void;

/** Items that take no bytes (null, empty records) cost memory but no input, so they are capped for the whole body. */
const maxZeroWidthItems = 10_000;
/** Records inside records: the stack's limit is far above, no real task is near. */
const maxDepth = 100;
const maxVarintBytes = 10;

interface State {
  readonly body: Buffer;
  pos: number;
  depth: number;
  zeroWidthLeft: number;
}

type Step = (state: State) => void;

/** undefined: bodies of this schema are flat, their size alone bounds the work, and no walk is needed. */
export function compileGuard(writer: SchemaNode): Guard | undefined {
  if (!canGrow(writer, new Map())) return undefined;
  const step = compileStep(writer, { steps: new Map(), widths: new Map() });
  return (body, start) => {
    const state: State = { body, pos: start, depth: 0, zeroWidthLeft: maxZeroWidthItems };
    step(state);
    if (state.pos !== body.length) throw damaged('bytes are left over after the record');
  };
}

/** Whether a body of bounded length can claim unbounded work: lists, maps, or a record that holds itself. */
function canGrow(node: SchemaNode, records: Map<RecordNode, 'open' | 'done'>): boolean {
  switch (node.kind) {
    case 'array':
    case 'map':
      return true;
    case 'union':
      return node.branches.some((branch) => canGrow(branch, records));
    case 'record': {
      const state = records.get(node);
      if (state) return state === 'open';
      records.set(node, 'open');
      const grows = node.fields.some((field) => canGrow(field.type, records));
      records.set(node, 'done');
      return grows;
    }
    default:
      return false;
  }
}

/** Fewest bytes a value takes; 0 means it never takes any. A record that holds itself counts as 0 inside itself. */
export function minWidth(node: SchemaNode, widths: Map<SchemaNode, number> = new Map()): number {
  switch (node.kind) {
    case 'null':
      return 0;
    case 'float':
      return 4;
    case 'double':
      return 8;
    case 'fixed':
      return node.size;
    case 'union':
      return 1 + Math.min(...node.branches.map((branch) => minWidth(branch, widths)));
    case 'record':
      return widths.get(node) ?? widthOfFields(node, widths);
    default:
      return 1;
  }
}

function widthOfFields(node: RecordNode, widths: Map<SchemaNode, number>): number {
  widths.set(node, 0);
  const width = node.fields.reduce((sum, field) => sum + minWidth(field.type, widths), 0);
  widths.set(node, width);
  return width;
}

/** Steps and widths found so far; each record once, so that schemas may hold themselves. */
interface Compiled {
  readonly steps: Map<SchemaNode, Step>;
  readonly widths: Map<SchemaNode, number>;
}

function compileStep(node: SchemaNode, compiled: Compiled): Step {
  const known = compiled.steps.get(node);
  if (known) return known;
  if (node.kind === 'record') return recordStep(node, compiled);
  const step = otherStep(node, compiled);
  compiled.steps.set(node, step);
  return step;
}

function otherStep(node: Exclude<SchemaNode, RecordNode>, compiled: Compiled): Step {
  switch (node.kind) {
    case 'string':
    case 'bytes':
      return skipLengthPrefixed;
    case 'int':
    case 'long':
    case 'enum':
      return readVarint;
    case 'union':
      return unionStep(node.branches.map((branch) => compileStep(branch, compiled)));
    case 'array':
      return blocksStep(compileStep(node.items, compiled), minWidth(node.items, compiled.widths));
    case 'map':
      return blocksStep(entryStep(compileStep(node.values, compiled)), 1 + minWidth(node.values, compiled.widths));
    default: {
      const width = node.kind === 'boolean' ? 1 : minWidth(node, compiled.widths);
      return (state) => advance(state, width);
    }
  }
}

function recordStep(node: RecordNode, compiled: Compiled): Step {
  const steps: Step[] = [];
  const step: Step = (state) => {
    state.depth += 1;
    if (state.depth > maxDepth) throw unsafe(`records are nested deeper than ${maxDepth} levels`);
    for (const field of steps) field(state);
    state.depth -= 1;
  };
  compiled.steps.set(node, step);
  for (const field of node.fields) steps.push(compileStep(field.type, compiled));
  return step;
}

function unionStep(branches: readonly Step[]): Step {
  return (state) => {
    const branch = branches[readVarint(state)];
    if (!branch) throw damaged('a union names a branch that it does not have');
    branch(state);
  };
}

function entryStep(value: Step): Step {
  return (state) => {
    const start = state.pos;
    skipLengthPrefixed(state);
    // As a key of a plain object it would set the prototype. 10: one byte of length, nine of text.
    if (state.pos - start === 10 && state.body.toString('latin1', start + 1, state.pos) === '__proto__') {
      throw unsafe('a map has the key __proto__');
    }
    value(state);
  };
}

function blocksStep(item: Step, itemWidth: number): Step {
  return (state) => {
    for (;;) {
      const block = readBlock(state);
      if (block.count === 0) return;
      readItems(state, block.count, item, itemWidth, block.end);
      if (block.end !== undefined && state.pos !== block.end) {
        throw unsafe('a block is not as long as it says');
      }
    }
  };
}

/** A negative count is followed by the size of the block in bytes. */
function readBlock(state: State): { count: number; end: number | undefined } {
  const count = readVarint(state);
  if (count >= 0) return { count, end: undefined };
  const size = readVarint(state);
  if (size < 0 || size > left(state)) throw unsafe('a block says it is longer than the body');
  return { count: -count, end: state.pos + size };
}

function readItems(state: State, count: number, item: Step, itemWidth: number, end: number | undefined): void {
  if (itemWidth === 0) {
    state.zeroWidthLeft -= count;
    if (state.zeroWidthLeft < 0) throw unsafe(`more than ${maxZeroWidthItems} items take no bytes`);
    return;
  }
  const room = (end ?? state.body.length) - state.pos;
  if (count > room / itemWidth) throw unsafe(`a block claims ${count} items, but only ${room} bytes are left`);
  for (let index = 0; index < count; index += 1) item(state);
}

function skipLengthPrefixed(state: State): void {
  advance(state, readVarint(state));
}

function advance(state: State, width: number): void {
  if (width < 0 || width > left(state)) throw damaged('the body is cut short');
  state.pos += width;
}

function left(state: State): number {
  return state.body.length - state.pos;
}

/** Zigzag varint. Beyond 2^53 the value is inexact, as in avsc; every use compares it with the bytes left. */
function readVarint(state: State): number {
  let raw = 0;
  let factor = 1;
  for (let index = 0; index < maxVarintBytes; index += 1) {
    const byte = state.body[state.pos];
    if (byte === undefined) throw damaged('the body is cut short');
    state.pos += 1;
    raw += (byte & 0x7f) * factor;
    if (byte < 0x80) return raw % 2 === 0 ? raw / 2 : -(raw + 1) / 2;
    factor *= 128;
  }
  throw damaged('an integer is longer than ten bytes');
}

function damaged(what: string): PenstockError {
  return new PenstockError('PIPE_TASK_AVRO_DAMAGED', `the Avro body is damaged: ${what}`);
}

function unsafe(what: string): PenstockError {
  return new PenstockError('PIPE_TASK_AVRO_UNSAFE', `the Avro body is unsafe: ${what}`);
}
