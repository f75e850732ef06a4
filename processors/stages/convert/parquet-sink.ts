import type { SchemaElement } from 'hyparquet';
import { fileWriter, ParquetWriter } from 'hyparquet-writer';
import { PenstockError } from '../../../schemas/errors.ts';
import type { ColumnKind } from './column-type.ts';
import type { TableLimits } from './limits.ts';

export interface Column {
  readonly name: string;
  readonly kind: ColumnKind;
}

export interface ParquetSink {
  /** One value a column, in order; `sizeBytes` of their text decides when the row group is full. */
  addRow(values: readonly unknown[], sizeBytes: number): void;
  /** Writes what is left and the footer. */
  finish(): void;
}

/** Each column of each row group is an entry in the footer, which stays in memory until the end. */
const maxColumnChunks = 250_000;
const maxRowsPerGroup = 100_000;

const physical: Record<ColumnKind, Pick<SchemaElement, 'type' | 'converted_type'>> = {
  int64: { type: 'INT64' },
  double: { type: 'DOUBLE' },
  bool: { type: 'BOOLEAN' },
  timestamp: { type: 'INT64', converted_type: 'TIMESTAMP_MILLIS' },
  string: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
  json: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
};

function schemaOf(columns: readonly Column[]): SchemaElement[] {
  const fields = columns.map(({ name, kind }) => ({ name, repetition_type: 'OPTIONAL' as const, ...physical[kind] }));
  return [{ name: 'root', num_children: fields.length }, ...fields];
}

const limit = (message: string): PenstockError => new PenstockError('PIPE_TRANSFORM_LIMIT', message);

/**
 * Writes a Parquet file, row group by row group, so that memory holds one. Row groups end by the size of the rows alone:
 * the same input makes the same bytes. Writes are synchronous; call it off the event loop.
 */
export function openParquetSink(path: string, columns: readonly Column[], limits: TableLimits): ParquetSink {
  const file = fileWriter(path);
  const writer = new ParquetWriter({ writer: file, schema: schemaOf(columns), createdBy: 'penstock' });
  let gathered: unknown[][] = columns.map(() => []);
  let rows = 0;
  let size = 0;
  let chunks = 0;

  const checkSize = (): void => {
    if (file.offset > limits.maxOutputBytes) throw limit(`output is larger than ${limits.maxOutputBytes} bytes`);
  };

  const flush = (): void => {
    if (rows === 0) return;
    chunks += columns.length;
    if (chunks > maxColumnChunks) throw limit(`too many columns for so many rows (${columns.length} columns)`);
    const columnData = columns.map(({ name }, index) => ({ name, data: gathered[index] ?? [] }));
    writer.write({ columnData, rowGroupSize: rows });
    checkSize();
    gathered = columns.map(() => []);
    rows = 0;
    size = 0;
  };

  return {
    addRow(values, sizeBytes) {
      for (let index = 0; index < gathered.length; index += 1) gathered[index]?.push(values[index]);
      rows += 1;
      size += sizeBytes;
      if (size >= limits.rowGroupBytes || rows >= maxRowsPerGroup) flush();
    },
    finish() {
      flush();
      writer.finish();
      checkSize();
    },
  };
}
