import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';

const chunkLength = 65_536;

/** A field of that type is written as an array, item by item, so that it need not exist at once. */
export class StreamedArray {
  readonly items: () => Iterable<unknown>;

  constructor(items: () => Iterable<unknown>) {
    this.items = items;
  }
}

/** One JSON object as a stream of text, or as text where no field is streamed. */
export function jsonOf(fields: Readonly<Record<string, unknown>>): string | Readable {
  const streams = Object.values(fields).some((value) => value instanceof StreamedArray);
  return streams ? Readable.from(chunksOf(piecesOf(fields))) : JSON.stringify(fields);
}

function* piecesOf(fields: Readonly<Record<string, unknown>>): Generator<string> {
  let separator = '{';
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    yield `${separator}${JSON.stringify(name)}:`;
    if (value instanceof StreamedArray) yield* arrayOf(value.items());
    else yield JSON.stringify(value);
    separator = ',';
  }
  yield separator === '{' ? '{}' : '}';
}

function* arrayOf(items: Iterable<unknown>): Generator<string> {
  let separator = '[';
  for (const item of items) {
    yield separator + JSON.stringify(item);
    separator = ',';
  }
  yield separator === '[' ? '[]' : ']';
}

/** A stream that is read as fast as it is written never lets go of the event loop by itself. */
async function* chunksOf(pieces: Iterable<string>): AsyncGenerator<string> {
  let chunk = '';
  for (const piece of pieces) {
    chunk += piece;
    if (chunk.length < chunkLength) continue;
    yield chunk;
    chunk = '';
    await nextTurn();
  }
  if (chunk !== '') yield chunk;
}
