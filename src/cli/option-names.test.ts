import { expect, test } from 'vitest';
import { OtxError, option } from '../base/errors.js';
import { optionNames } from './option-names.js';

test('errors of the API name flags as they are typed', () => {
  const error = new OtxError(
    'usage',
    `missing ${option('validationData')} for ${option('algo_backend.train_type')}`,
  );
  expect(error.messageWith(optionNames(['train']))).toBe('missing --val-data-roots for --train-type');
  expect(error.messageWith(optionNames(['train'], ['--algo_backend.train_type', 'x']))).toBe(
    'missing --val-data-roots for --algo_backend.train_type',
  );
  const name = optionNames(['train', '--no-pretrained']);
  expect(name('learning_parameters.batch_size')).toBe('--learning_parameters.batch_size');
  expect(name('pretrained')).toBe('--no-pretrained');
  expect(name('colours')).toBe('colours');
});
