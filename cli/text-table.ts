import Table from 'cli-table3';

export type Cell = string | number;

/** A table for people: no colours, numbers to the right. Control characters of foreign data do not reach the terminal. */
export function textTable(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const table = new Table({
    head: [...head],
    style: { head: [], border: [], compact: true },
    colAligns: head.map((_, column) => (typeof rows[0]?.[column] === 'number' ? 'right' : 'left')),
  });
  table.push(...rows.map((row) => row.map(shown)));
  return table.toString();
}

const shown = (cell: Cell): string =>
  typeof cell === 'number' ? cell.toLocaleString('en-US') : cell.replace(/[\p{Cc}\p{Cf}]/gu, ' ');
