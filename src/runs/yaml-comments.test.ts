import { expect, test } from 'vitest';
import { formatRunConfig } from './run-config.js';
import { commentsIn } from './yaml-comments.js';

test('reasons are read back as they were written, wherever they stand', () => {
  const long =
    'as measured on a great many images, of which each has been looked at more than once and by several people';
  const config = {
    template: 'T',
    hyper_parameters: {
      learning_parameters: { batch_size: 8, learning_rate: 0.1, loss: 'dice' },
      algo_backend: { train_type: 'Incremental' },
    },
  };
  const reasons = new Map([
    ['learning_parameters.batch_size', 'recipe: the first of its group'],
    ['learning_parameters.loss', long],
    ['algo_backend.train_type', 'plan: another group'],
  ]);
  const text = formatRunConfig(config, { head: ['one paragraph', 'and another'], reasons });
  const read = commentsIn(text);
  expect(read.head).toBe('one paragraph and another');
  expect(Object.fromEntries(read.reasons)).toEqual(
    Object.fromEntries([...reasons].map(([param, reason]) => [`hyper_parameters.${param}`, reason])),
  );
});

test('a text without comments, and one that is no map, have none', () => {
  for (const text of ['', 'a: 1\nb: {c: 2}\n', '- 1\n', 'word']) {
    expect(commentsIn(text)).toEqual({ head: '', reasons: new Map() });
  }
});
