import { describe, expect, test } from 'vitest';
import { OtxError } from './errors.js';
import {
  displayWidth,
  hiddenCharacter,
  padded,
  printable,
  printableLine,
  quoted,
  shortened,
} from './text.js';

const ESC = '\u001b';

describe('printable', () => {
  test.each([
    ['clears the screen', `${ESC}[2J${ESC}[H`, '\\u001b[2J\\u001b[H'],
    ['rings', 'a\u0007b', 'a\\u0007b'],
    ['goes back', 'good\rbad\b', 'good\\u000dbad\\u0008'],
    ['is a C1 control sequence', '\u009b31m', '\\u009b31m'],
    ['reverses the line', 'photo\u202egpj.exe', 'photo\\u202egpj.exe'],
    ['isolates', '\u2066x\u2069', '\\u2066x\\u2069'],
    ['has no width', 'c\u200bar\ufeff\u00ad', 'c\\u200bar\\ufeff\\u00ad'],
    ['joins Latin letters', 'c\u200dar', 'c\\u200dar'],
    ['is half a pair', 'x\ud83d', 'x\\ud83d'],
    ['tags', 'x\u{e0041}', 'x\\u{e0041}'],
    ['breaks lines in its own way', 'a\u2028b', 'a\\u2028b'],
  ])('escapes what %s', (_, text, expected) => {
    expect(printable(text)).toBe(expected);
    expect(printable(expected)).toBe(expected);
  });

  test.each(['Straße', '道路', 'می\u200cخواهم', '👩\u200d🌾', '❤\ufe0f red', 'क\u094d\u200dष', 'a\tb\n'])(
    'leaves %s',
    (text) => {
      expect(printable(text)).toBe(text);
    },
  );

  test('in a line escapes line breaks too', () => {
    expect(printableLine('a\nepoch 1/1\tb')).toBe('a\\u000aepoch 1/1\\u0009b');
  });

  test('is what every error says', () => {
    expect(new OtxError('image', `${ESC}]0;x\u0007.jpg is empty\n  second`).message).toBe(
      '\\u001b]0;x\\u0007.jpg is empty\n  second',
    );
  });
});

test('quoted cuts between characters and escapes', () => {
  expect(quoted('😀'.repeat(200))).toBe(`"${'😀'.repeat(120)}…"`);
  expect(quoted('a"b\n\u202e')).toBe('"a\\"b\\n\\u202e"');
});

test('hiddenCharacter finds the first', () => {
  expect(hiddenCharacter('a b')).toBeUndefined();
  expect(hiddenCharacter('a\u202d\u0007')).toBe('\u202d');
});

test('widths count East Asian characters twice and marks not at all', () => {
  expect(displayWidth('道路 ab')).toBe(7);
  expect(displayWidth('e\u0301')).toBe(1);
  expect(shortened('道路標識', 5)).toBe('道路…');
  expect(shortened('sign', 4)).toBe('sign');
  expect(shortened('x'.repeat(20_000), 10)).toBe(`${'x'.repeat(9)}…`);
  expect(padded('道', 4)).toBe('道  ');
});
