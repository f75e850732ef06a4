import { createReadStream } from 'node:fs';
import { PenstockError } from '../../../schemas/errors.ts';
import type { ExactJson } from './exact-json.ts';
import type { TableLimits } from './limits.ts';
import { NotTabular } from './not-tabular.ts';
import { createJsonSplitter } from './split-json.ts';

export type JsonRow = readonly (readonly [name: string, value: unknown])[];

function parseRow(text: string, index: number, json: ExactJson): JsonRow {
  let value: unknown;
  try {
    value = json.parse(text);
  } catch (error) {
    // The parser's message quotes the payload; ours must not.
    throw new PenstockError('PIPE_TRANSFORM_JSON_BROKEN', `JSON value ${index} is malformed`, { cause: error });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value) || json.wideOf(value) !== undefined) {
    throw new NotTabular('not all values are objects');
  }
  return Object.entries(value);
}

/** Without a byte order mark, which no JSON value may begin with. */
const bom = Buffer.from([0xef, 0xbb, 0xbf]);

/**
 * Reads an array of objects, or objects one after another (NDJSON), row by row. Throws NotTabular for any other valid
 * JSON, PIPE_TRANSFORM_JSON_BROKEN, PIPE_TRANSFORM_LIMIT, and whatever onRow throws.
 */
export async function readJson(
  path: string,
  limits: TableLimits,
  json: ExactJson,
  onRow: (row: JsonRow, sizeBytes: number) => void,
): Promise<void> {
  let rows = 0;
  let isArray = false;
  const splitter = createJsonSplitter({
    maxValueBytes: limits.maxRowSize,
    maxDepth: limits.maxJsonDepth,
    onValue(text, index) {
      rows += 1;
      onRow(parseRow(text, index, json), text.length);
    },
  });
  let isFirst = true;
  for await (const chunk of createReadStream(path, { highWaterMark: 256 * 1024 })) {
    const bytes: Buffer = chunk;
    const text = isFirst && bytes.subarray(0, 3).equals(bom) ? bytes.subarray(3) : bytes;
    if (isFirst) isArray = text.toString('latin1').trimStart().startsWith('[');
    isFirst = false;
    splitter.write(text);
  }
  splitter.end();
  if (rows === 0 || (rows === 1 && !isArray)) throw new NotTabular('no list of objects');
}
