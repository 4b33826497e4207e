import { expect, test } from 'vitest';
import { findTable } from './find.js';

/** Cells of the row whose third column is `name`. */
function cells(table: string, name: string): string[] | undefined {
  const rows = table.split('\n').map((line) => line.split('|').map((cell) => cell.trim()));
  return rows.find((row) => row[2] === name);
}

test('the table names the templates, and on request what they cost', () => {
  const table = findTable('segmentation', { verbose: true });
  expect(cells(table, 'NAME')?.slice(4)).toEqual(['PARAMETERS', 'MACS AT 512x512', 'FP32 SIZE']);
  expect(cells(table, 'Lite-HRNet-s-mod2')?.slice(4)).toEqual(['828,894', '0.683 G', '3.2 MiB']);
  expect(cells(table, 'SegNext-t')?.slice(4)).toEqual(['4,225,378', '5.947 G', '16.1 MiB']);
  expect(cells(table, 'SegNext-s')?.slice(4)).toEqual(['13,894,850', '15.189 G', '53.0 MiB']);
  expect(cells(table, 'SegNext-B')?.slice(4)).toEqual(['27,560,386', '31.787 G', '105.1 MiB']);
  expect(cells(findTable(undefined), 'SegNext-B')).toHaveLength(4);
  const milliseconds = new Map([['lite-hrnet-18', 12.345]]);
  expect(cells(findTable(undefined, { milliseconds }), 'Lite-HRNet-18-mod2')?.slice(4)).toEqual(['12.3']);
});
