import { describe, expect, test } from 'vitest';
import { LONGEST_NAME, nameProblem, namesProblem } from './names.js';

describe('nameProblem', () => {
  test.each([
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    'car, truck & bus',
    '<b>',
    '車',
    'a"b',
    '👩\u200d🌾',
    ' x ',
  ])('takes %s', (name) => {
    expect(nameProblem(name)).toBeUndefined();
  });

  test.each([
    ['', 'is empty'],
    [' \u00a0', 'is empty'],
    ['\u0301', 'nothing that can be seen'],
    ['a\nb', '\\u000a'],
    ['a\tb', '\\u0009'],
    ['\u001b[31mred', '\\u001b'],
    ['bell\u0007', '\\u0007'],
    ['\u202eevil', '\\u202e'],
    ['c\u200bar', '\\u200b'],
    ['\ufeffcar', '\\ufeff'],
    ['x\udc00', '\\udc00'],
    ['\u3164', '\\u3164'],
    ['Stra\ufffde', 'UTF-8'],
    ['x'.repeat(LONGEST_NAME + 1), '201 characters'],
    ['x'.repeat(20_000), '20000 characters'],
  ])('refuses %j', (name, reason) => {
    expect(nameProblem(name)).toContain(reason);
  });

  test('counts characters, not code units', () => {
    expect(nameProblem('😀'.repeat(LONGEST_NAME))).toBeUndefined();
  });
});

describe('namesProblem', () => {
  test('names the bad one in a form that can be printed', () => {
    expect(namesProblem(['car', 'a\u001b[2J'])).toBe(
      'the class name "a\\u001b[2J" holds the control or invisible character \\u001b; only what can be seen is allowed',
    );
  });

  test('finds names that look alike', () => {
    expect(namesProblem(['car', 'car'])).toContain('car is declared twice');
    expect(namesProblem(['car', 'car '])).toContain('"car" and "car " look the same');
    expect(namesProblem(['caf\u00e9', 'cafe\u0301'])).toContain('look the same');
    expect(namesProblem(['Car', 'car'])).toBeUndefined();
    expect(namesProblem(['crane', 'crane'], true)).toBeUndefined();
  });
});
