import { expect, test } from 'vitest';
import { closingMessage, shellQuote } from './closing.js';

test('the closing commands can be copied, whatever the folders are called', () => {
  expect(closingMessage({ output: 'runs/a', testData: 'my data/val' }).split('\n')).toEqual([
    'what next:',
    '  look     runs/a/results.png, or tensorboard --logdir runs/a',
    '  score    otx eval --test-data-roots "my data/val" --load-weights runs/a',
    '  segment  otx predict --input <image or folder> --load-weights runs/a -o runs/a/predictions',
    '  export   otx export --load-weights runs/a -o runs/a/export',
  ]);
  expect(closingMessage({ output: 'a', backboneOf: 'Lite-HRNet-18-mod2' }).split('\n')).toEqual([
    'what next:',
    '  look   a/results.png, or tensorboard --logdir a',
    '  train  otx train Lite-HRNet-18-mod2 --train-data-roots <folder> --val-data-roots <folder> --load-weights a',
  ]);
  expect(closingMessage({ output: 'a' })).toContain('--test-data-roots <folder> ');
});

test.each([
  ['plain/path-1.0', 'plain/path-1.0'],
  ['two words', '"two words"'],
  ['', '""'],
  ['a$b', "'a$b'"],
  ["it's $5", "'it'\\''s $5'"],
])('shellQuote(%j)', (word, quoted) => {
  expect(shellQuote(word)).toBe(quoted);
});
