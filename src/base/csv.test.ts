import { expect, test } from 'vitest';
import { csvText, sixDigits } from './csv.js';

test('texts are quoted where they have to be, and what does not exist is empty', () => {
  expect(
    csvText([
      ['class', 'a, b', 'say "no"', 'two\nlines', 'two\rlines'],
      ['x', 1, Number.NaN, undefined, 9007199254740991],
    ]),
  ).toBe('class,"a, b","say ""no""","two\nlines","two\rlines"\nx,1,,,9007199254740991\n');
});

test('scores have six digits', () => {
  expect([2 / 3, 0, 1e-7 / 3, undefined, Number.NaN].map(sixDigits)).toEqual([
    0.666667,
    0,
    3.33333e-8,
    undefined,
    Number.NaN,
  ]);
});
