/** @file Plain text tables. */

/**
 * Columns padded to their widest cell, a rule below the head.
 *
 * @param columns of the terminal; a table that is wider becomes a list, a line for each cell. Default: any width is good.
 */
export function formatTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  columns = Number.POSITIVE_INFINITY,
): string {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join(' | ')
      .trimEnd();
  const rule = widths.map((width) => '-'.repeat(width)).join('-+-');
  if (rule.length <= columns) return [line(head), rule, ...rows.map(line)].join('\n');
  const titleWidth = Math.max(...head.map((title) => title.length));
  return rows
    .map((row) => row.map((cell, at) => `${(head[at] ?? '').padEnd(titleWidth)}  ${cell}`).join('\n'))
    .join('\n\n');
}
