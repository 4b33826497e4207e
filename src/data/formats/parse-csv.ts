/** @file Tables in text: cells between commas or semicolons, in quotes where they hold these or line breaks. */

const CELLS = {
  ',': /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|\r|$)/y,
  ';': /(?:"((?:[^"]|"")*)"|([^";\r\n]*))(;|\r?\n|\r|$)/y,
  '\t': /(?:"((?:[^"]|"")*)"|([^"\t\r\n]*))(\t|\r?\n|\r|$)/y,
} as const;

/** The rows of a table, without empty ones. Where the first line has no comma, cells are between semicolons or tabs. */
export function parseCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  const table = text.replace(/^\uFEFF/, '');
  const head = /^[^\r\n]*/.exec(table)![0];
  const between = ([',', ';', '\t'] as const).find((each) => head.includes(each)) ?? ',';
  const cell = CELLS[between];
  for (let at = 0; at < table.length; ) {
    cell.lastIndex = at;
    const match = cell.exec(table);
    // A quote in the middle of a cell is taken as it stands.
    const end = match ? cell.lastIndex : endOfLine(table, at);
    row.push(match ? (match[1]?.replaceAll('""', '"') ?? match[2]!).trim() : table.slice(at, end).trim());
    at = end;
    if (match?.[3] === between) {
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
