import { setImmediate as nextTurn } from 'node:timers/promises';
import { PenstockError } from '../../schemas/errors.ts';
import { bracketCloses, bracketOpens, comma, endOfText, isBlank, levelsOf, quote } from './json-bytes.ts';
import { maxLevels, parseJson, tooDeep } from './read-payload.ts';

/** What is parsed between two turns of the event loop; one item alone may be larger. */
const pieceBytes = 32 * 1024;

const opening = Buffer.from('[');
const closing = Buffer.from(']');

/**
 * A JSON array in pieces of whole items, `1,2` and `3` of `[1,2,3]`, looked through to its end: parseItems throws for none
 * of them. Others are served meanwhile. Rejects with PIPE_TASK_NOT_JSON.
 */
export async function cutArray(array: Buffer): Promise<readonly Buffer[]> {
  const pieces: Buffer[] = [];
  for (const piece of cutsOf(array)) {
    parseItems(piece);
    pieces.push(piece);
    await nextTurn();
  }
  return pieces;
}

export function parseItems(piece: Buffer): unknown[] {
  // Between brackets nothing but an array is valid.
  return parseJson(Buffer.concat([opening, piece, closing])) as unknown[];
}

/** Cuts at commas of the array itself. What is no JSON is left to the parser, but for what cutting would hide from it. */
function* cutsOf(array: Buffer): Generator<Buffer> {
  const first = array.indexOf(bracketOpens) + 1;
  let [start, at, levels] = [first, first, 1];
  for (; at < array.length && levels > 0; at += 1) {
    const byte = array[at] ?? 0;
    if (byte === quote) at = endOfText(array, at);
    else if (byte === comma && levels === 1 && at - start >= pieceBytes) {
      yield notBlank(array.subarray(start, at));
      start = at + 1;
    } else levels += levelsOf(byte);
    if (levels > maxLevels) throw tooDeep();
  }
  if (levels > 0 || array[at - 1] !== bracketCloses || !isBlank(array.subarray(at))) throw wrongEnd();
  const last = array.subarray(start, at - 1);
  yield start === first ? last : notBlank(last);
}

/** `[1,]` is wrong, though neither `[1]` nor `[]` is. */
function notBlank(piece: Buffer): Buffer {
  if (isBlank(piece)) throw wrongEnd();
  return piece;
}

const wrongEnd = (): PenstockError =>
  new PenstockError('PIPE_TASK_NOT_JSON', 'the payload is not valid JSON: its array does not end as it should');
