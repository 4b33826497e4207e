import { expect, test } from 'vitest';
import { csvOf, type ExportedFile, exportTable, formatExported, markdownOf } from './table.js';

const on = { threads: 2, testData: 'scenes' };
const measured = {
  ...{ mDice: 0.81234, diceDifference: -0.00012, equalPixels: 0.999999, pictures: 7 },
  ...{ milliseconds: 12.34, firstMilliseconds: 567.8 },
};
const file: ExportedFile = { format: 'onnx', precision: 'fp16', model: '/a|b', bytes: 1_234_567, measured };
const unread: ExportedFile = { ...file, format: 'pytorch', measured: undefined };
const nameOf = ({ model }: ExportedFile) => model;

test('the line of a file', () => {
  expect(formatExported(file, on)).toBe(
    '1.23 MB, read back: mean Dice 0.8123 (-0.00012 to the trained model), 99.999 % of the pixels of 7 pictures as the trained ' +
      'model, 12.3 ms a picture (median, 2 threads), first one after 568 ms',
  );
  const generated = { ...measured, mDice: undefined, diceDifference: undefined, equalPixels: 1 };
  expect(formatExported({ ...file, measured: generated }, { threads: undefined, testData: undefined })).toBe(
    '1.23 MB, read back: 100.000 % of the pixels of 7 generated pictures as the trained model, 12.3 ms a picture (median, all ' +
      'threads), first one after 568 ms',
  );
  expect(formatExported(unread, on)).toBe('1.23 MB');
});

test('tables leave out what was not measured', () => {
  const { head, rows } = exportTable([file, unread], nameOf);
  expect(rows.map(({ length }) => length)).toEqual([head.length, head.length]);
  expect(rows[1]!.slice(2)).toEqual(['1.23', '', '', '', '', '']);
  expect(csvOf([file, unread], nameOf).split('\n').slice(1, 3)).toEqual([
    '/a|b,onnx,fp16,1234567,0.81234,-0.00012,0.999999,7,12.34,567.8',
    '/a|b,pytorch,fp16,1234567,,,,,,',
  ]);
  expect(markdownOf([file], nameOf, on)).toContain('| /a\\|b | fp16 | 1.23 |');
});
