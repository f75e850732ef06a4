import { createReadStream } from 'node:fs';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { CsvError, parse } from 'csv-parse';
import { PenstockError } from '../../../schemas/errors.ts';
import { NotTabular } from './not-tabular.ts';

export interface CsvFormat {
  readonly delimiter: string;
  readonly maxRowSize: number;
}

/** Fails with NotTabular where bytes are no UTF-8: guessing an encoding would corrupt silently. */
function utf8Only(): Transform {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const check = (bytes: Buffer | undefined): Error | null => {
    try {
      decoder.decode(bytes, { stream: bytes !== undefined });
      return null;
    } catch {
      return new NotTabular('the text is not UTF-8');
    }
  };
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      done(check(chunk), chunk);
    },
    flush(done) {
      done(check(undefined));
    },
  });
}

function csvFailure(error: unknown, maxRowSize: number): unknown {
  if (!(error instanceof CsvError)) return error;
  if (error.code === 'CSV_MAX_RECORD_SIZE') {
    return new PenstockError('PIPE_TRANSFORM_LIMIT', `a CSV row is longer than ${maxRowSize} characters`);
  }
  const line = typeof error.lines === 'number' ? error.lines : 0;
  const reason = error.code.replace(/^CSV_/, '').replaceAll('_', ' ').toLowerCase();
  return new PenstockError('PIPE_TRANSFORM_CSV_BROKEN', `the CSV is broken near line ${line}: ${reason}`, {
    cause: error,
    context: { line },
  });
}

/**
 * Reads a CSV file row by row, the header first. Throws PIPE_TRANSFORM_CSV_BROKEN with the line, PIPE_TRANSFORM_LIMIT for
 * an endless row, and whatever onRow throws.
 */
export async function readCsv(path: string, format: CsvFormat, onRow: (cells: string[]) => void): Promise<void> {
  const parser = parse({
    bom: true,
    delimiter: format.delimiter,
    skip_empty_lines: true,
    max_record_size: format.maxRowSize,
  });
  // Not on_record: for its info argument csv-parse builds an object a row, a quarter of the whole time.
  parser.on('data', (cells: string[]) => {
    try {
      onRow(cells);
    } catch (error) {
      parser.destroy(error instanceof Error ? error : new Error('reading a row failed', { cause: error }));
    }
  });
  try {
    await pipeline(createReadStream(path, { highWaterMark: 256 * 1024 }), utf8Only(), parser);
  } catch (error) {
    throw csvFailure(error, format.maxRowSize);
  }
}
