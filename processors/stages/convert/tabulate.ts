import { PenstockError } from '../../../schemas/errors.ts';
import { columnNames } from './column-names.ts';
import { type ColumnType, observed, widen } from './column-type.ts';
import { createExactJson } from './exact-json.ts';
import { jsonValue, observeJson } from './json-cell.ts';
import type { TableLimits } from './limits.ts';
import { NotTabular } from './not-tabular.ts';
import { type Column, openParquetSink } from './parquet-sink.ts';
import { readCsv } from './read-csv.ts';
import { readJson } from './read-json.ts';
import { cellValue, observeCell } from './text-cell.ts';

export type TableFormat = { readonly kind: 'csv'; readonly delimiter: string } | { readonly kind: 'json' };

export interface TableJob {
  readonly format: TableFormat;
  readonly inputPath: string;
  readonly outputPath: string;
  readonly limits: TableLimits;
}

function checkColumns(count: number, limits: TableLimits): void {
  if (count <= limits.maxColumns) return;
  throw new PenstockError('PIPE_TRANSFORM_LIMIT', `${count} columns; at most ${limits.maxColumns} are taken`);
}

const kindOf = (type: ColumnType) => (type ?? observed.string).kind;

async function tabulateCsv(job: TableJob, delimiter: string): Promise<number> {
  const { limits, inputPath } = job;
  const format = { delimiter, maxRowSize: limits.maxRowSize };
  let header: string[] | undefined;
  let types: ColumnType[] = [];
  await readCsv(inputPath, format, (cells) => {
    if (header === undefined) {
      checkColumns(cells.length, limits);
      header = cells;
      types = cells.map(() => undefined);
      return;
    }
    for (let index = 0; index < types.length; index += 1) {
      const known = types[index];
      if (known === observed.string) continue;
      const seen = observeCell(cells[index] ?? '');
      if (seen !== undefined) types[index] = widen(known, seen);
    }
  });
  if (header === undefined) throw new NotTabular('no rows');
  const columns = columnNames(header).map((name, index): Column => ({ name, kind: kindOf(types[index]) }));
  return writeCsv(job, format, columns);
}

async function writeCsv(
  job: TableJob,
  format: { readonly delimiter: string; readonly maxRowSize: number },
  columns: readonly Column[],
): Promise<number> {
  const sink = openParquetSink(job.outputPath, columns, job.limits);
  let rows = -1;
  await readCsv(job.inputPath, format, (cells) => {
    rows += 1;
    if (rows === 0) return;
    let size = 0;
    const values = columns.map(({ kind }, index) => {
      const text = cells[index] ?? '';
      size += text.length + 1;
      return cellValue(text, kind);
    });
    sink.addRow(values, size);
  });
  sink.finish();
  return rows;
}

async function tabulateJson({ inputPath, outputPath, limits }: TableJob): Promise<number> {
  const json = createExactJson();
  const types = new Map<string, ColumnType>();
  await readJson(inputPath, limits, json, (row) => {
    for (const [name, value] of row) {
      const known = types.get(name);
      const seen = observeJson(value, json);
      types.set(name, seen === undefined ? known : widen(known, seen));
    }
    checkColumns(types.size, limits);
  });
  if (types.size === 0) throw new NotTabular('objects without fields');
  const keys = [...types.keys()];
  const columns = columnNames(keys).map(
    (name, index): Column => ({ name, kind: kindOf(types.get(keys[index] ?? '')) }),
  );
  const sink = openParquetSink(outputPath, columns, limits);
  let rows = 0;
  await readJson(inputPath, limits, json, (row, sizeBytes) => {
    const fields = new Map(row);
    sink.addRow(
      columns.map(({ kind }, index) => jsonValue(fields.get(keys[index] ?? ''), kind, json)),
      sizeBytes,
    );
    rows += 1;
  });
  sink.finish();
  return rows;
}

/**
 * Converts a CSV or JSON file to Parquet in two passes: the first finds the type of every column, the second writes. Gives
 * the number of rows. Throws NotTabular or a PenstockError.
 */
export function tabulate(job: TableJob): Promise<number> {
  return job.format.kind === 'csv' ? tabulateCsv(job, job.format.delimiter) : tabulateJson(job);
}
