/** @file Tables in text: cells between commas, in quotes where they hold commas or line breaks. */

/** The rows of a table, without empty ones. */
export function parseCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|\r|$)/y;
  const table = text.replace(/^\uFEFF/, '');
  for (let at = 0; at < table.length; ) {
    cell.lastIndex = at;
    const match = cell.exec(table);
    // A quote in the middle of a cell is taken as it stands.
    const end = match ? cell.lastIndex : endOfLine(table, at);
    row.push(match ? (match[1]?.replaceAll('""', '"') ?? match[2]!).trim() : table.slice(at, end).trim());
    at = end;
    if (match?.[3] === ',') {
      if (at === table.length) row.push('');
      else continue;
    }
    if (row.some((each) => each !== '')) rows.push(row);
    row = [];
  }
  return rows;
}

function endOfLine(text: string, at: number): number {
  const found = text.indexOf('\n', at);
  return found < 0 ? text.length : found + 1;
}
