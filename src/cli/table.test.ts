import { expect, test } from 'vitest';
import { formatTable } from './table.js';

const head = ['NAME', 'SIZE'];
const rows = [
  ['a', '1'],
  ['bcdefg', '22'],
];

test('columns are as wide as their cells', () => {
  const table = ['NAME   | SIZE', '-------+-----', 'a      | 1', 'bcdefg | 22'].join('\n');
  expect(formatTable(head, rows)).toBe(table);
  expect(formatTable(head, rows, 13)).toBe(table);
});

test('a table that is wider than the terminal is a list', () => {
  expect(formatTable(head, rows, 12)).toBe('NAME  a\nSIZE  1\n\nNAME  bcdefg\nSIZE  22');
});
