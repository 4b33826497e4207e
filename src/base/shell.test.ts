import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { programName, shellQuote } from './shell.js';

const AWKWARD = [
  'two words',
  '',
  'a$b',
  "it's $5",
  'back\\slash',
  'ends with \\',
  '"quoted" \\ and \'this\'',
  'a\nb',
  '*',
  '~/x',
  'a;b|c&d',
  '!history',
  '`date`',
];

test.each([
  ['plain/path-1.0', 'plain/path-1.0'],
  ['two words', '"two words"'],
  ['', '""'],
  ['a$b', "'a$b'"],
  ["it's $5", "'it'\\''s $5'"],
  ['a\\b', "'a\\b'"],
])('shellQuote(%j)', (word, quoted) => {
  expect(shellQuote(word, 'linux')).toBe(quoted);
});

test.each([
  ['C:\\a\\b', 'C:\\a\\b'],
  ['C:\\my data\\b', '"C:\\my data\\b"'],
  ['50%', '"50%"'],
])('on Windows shellQuote(%j)', (word, quoted) => {
  expect(shellQuote(word, 'win32')).toBe(quoted);
});

test.skipIf(process.platform === 'win32')('a shell sees every word as it was', () => {
  const script = `for word in ${AWKWARD.map((word) => shellQuote(word)).join(' ')}; do printf '%s\\0' "$word"; done`;
  expect(execFileSync('sh', ['-c', script], { encoding: 'utf8' }).split('\0').slice(0, -1)).toEqual(AWKWARD);
});

test('npx is named where npm has started the process', () => {
  expect(programName({})).toBe('otx');
  expect(programName({ npm_command: 'exec' })).toBe('npx otx');
  expect(programName({ npm_lifecycle_event: 'train' })).toBe('npx otx');
});
