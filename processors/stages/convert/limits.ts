/** What one table may cost. */
export interface TableLimits {
  /** Default 10 000. */
  readonly maxColumns: number;
  /** Characters of one CSV row, or bytes of one JSON object. Default 8 MiB. */
  readonly maxRowSize: number;
  /** Nesting of one JSON object. Default 100. */
  readonly maxJsonDepth: number;
  /** Default 2 GiB. */
  readonly maxOutputBytes: number;
  /** Cells that are gathered before a row group is written, as bytes of their text. Default 4 MiB. */
  readonly rowGroupBytes: number;
}

export const defaultTableLimits: TableLimits = {
  maxColumns: 10_000,
  maxRowSize: 8 * 1024 ** 2,
  maxJsonDepth: 100,
  maxOutputBytes: 2 * 1024 ** 3,
  rowGroupBytes: 4 * 1024 ** 2,
};
