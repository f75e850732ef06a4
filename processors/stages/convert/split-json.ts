import { PenstockError } from '../../../schemas/errors.ts';
import { NotTabular } from './not-tabular.ts';

export interface JsonSplitterOptions {
  readonly maxValueBytes: number;
  readonly maxDepth: number;
  /** One element of the top array, or one object of a sequence of objects (NDJSON), as text; `index` from 0. */
  readonly onValue: (text: string, index: number) => void;
}

export interface JsonSplitter {
  write(chunk: Buffer): void;
  end(): void;
}

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const isSpace = (byte: number): boolean =>
  byte === 0x20 || (byte >= 0x09 && byte <= 0x0d && byte !== 0x0b && byte !== 0x0c);
const isOpening = (byte: number): boolean => byte === 0x5b || byte === 0x7b;
const isClosing = (byte: number): boolean => byte === 0x5d || byte === 0x7d;

function broken(reason: string, offset: number): PenstockError {
  const message = `the JSON is broken at byte ${offset}: ${reason}`;
  return new PenstockError('PIPE_TRANSFORM_JSON_BROKEN', message, { context: { offset } });
}

/** Between values: what may come next. */
type Place = 'start' | 'first-or-end' | 'value' | 'comma-or-end' | 'sequence' | 'done';

/**
 * Cuts a JSON text of any size into the values of its top level, so that each can be parsed alone. It looks only at
 * strings and brackets; the parser of the values sees the rest.
 */
export function createJsonSplitter(options: JsonSplitterOptions): JsonSplitter {
  let place: Place = 'start';
  let inValue = false;
  let inString = false;
  let isEscaped = false;
  let depth = 0;
  let index = 0;
  let offset = 0;
  let valueBytes = 0;
  let parts: Buffer[] = [];

  const keep = (part: Buffer): void => {
    valueBytes += part.length;
    if (valueBytes > options.maxValueBytes) {
      // A single huge object is no table; a huge row in a table is a limit.
      if (place === 'sequence' && index === 0) throw new NotTabular('one large JSON object');
      throw new PenstockError(
        'PIPE_TRANSFORM_LIMIT',
        `JSON value ${index} is larger than ${options.maxValueBytes} bytes`,
      );
    }
    parts.push(part);
  };

  const emit = (part: Buffer): void => {
    keep(part);
    const text = (parts.length === 1 ? part : Buffer.concat(parts)).toString('utf8');
    parts = [];
    valueBytes = 0;
    inValue = false;
    options.onValue(text, index);
    index += 1;
  };

  /** A byte outside values; true when a value begins with it. */
  const between = (byte: number, at: number): boolean => {
    if (isSpace(byte)) return false;
    if (place === 'start') {
      place = byte === 0x5b ? 'first-or-end' : 'sequence';
      if (place === 'first-or-end') return false;
    }
    if (place === 'sequence' && byte === 0x7b) return true;
    if (byte === 0x5d && (place === 'first-or-end' || place === 'comma-or-end')) {
      place = 'done';
      return false;
    }
    if (byte === comma && place === 'comma-or-end') {
      place = 'value';
      return false;
    }
    if ((place === 'first-or-end' || place === 'value') && byte !== comma && !isClosing(byte)) return true;
    throw broken('an unexpected character between values', at);
  };

  /** A byte inside a string; quotes and backslashes are all that matters. */
  const inside = (byte: number): void => {
    if (isEscaped) isEscaped = false;
    else if (byte === backslash) isEscaped = true;
    else if (byte === quote) inString = false;
  };

  const deeper = (at: number): void => {
    depth += 1;
    if (depth > options.maxDepth) {
      throw new PenstockError('PIPE_TRANSFORM_LIMIT', `JSON deeper than ${options.maxDepth} levels at byte ${at}`);
    }
  };

  return {
    write(chunk) {
      let start = inValue ? 0 : -1;
      for (let at = 0; at < chunk.length; at += 1) {
        const byte = chunk[at] ?? 0;
        if (inString) {
          inside(byte);
          continue;
        }
        if (!inValue) {
          if (!between(byte, offset + at)) continue;
          inValue = true;
          start = at;
        }
        if (byte === quote) inString = true;
        else if (isOpening(byte)) deeper(offset + at);
        else if (depth === 0 && (byte === comma || isClosing(byte))) {
          // A scalar element ends where the array goes on; this byte is the array's.
          emit(chunk.subarray(start, at));
          place = byte === comma ? 'value' : 'done';
          if (byte === 0x7d) throw broken('a closing brace without an opening one', offset + at);
        } else if (isClosing(byte)) {
          depth -= 1;
          if (depth > 0) continue;
          emit(chunk.subarray(start, at + 1));
          if (place !== 'sequence') place = 'comma-or-end';
        }
      }
      if (inValue) keep(chunk.subarray(start));
      offset += chunk.length;
    },
    end() {
      if (inValue || place === 'value' || place === 'first-or-end' || place === 'comma-or-end') {
        throw broken('it is cut short', offset);
      }
    },
  };
}
