/** @file Tables as comma separated text, in the form that spreadsheets and pandas read. */

/** A cell; a number that does not exist is empty. */
export type Cell = string | number | undefined;

/** A row, without the line break; texts are quoted where they have to be. */
export function csvLine(cells: readonly Cell[]): string {
  return cells.map(cellText).join(',');
}

/** A whole file. */
export function csvText(rows: readonly (readonly Cell[])[]): string {
  return `${rows.map(csvLine).join('\n')}\n`;
}

/** To six digits, which is all that scores and times are worth. */
export function sixDigits(value: number | undefined): number | undefined {
  return value === undefined ? undefined : Number(value.toPrecision(6));
}

function cellText(cell: Cell): string {
  if (cell === undefined || Number.isNaN(cell)) return '';
  if (typeof cell === 'number') return String(cell);
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
