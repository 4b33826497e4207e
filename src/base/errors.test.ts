import { expect, test } from 'vitest';
import { OtxError, option } from './errors.js';

test('a message names options as in the API, and in other words where those are wanted', () => {
  const error = new OtxError('usage', `${option('validationData')} goes without ${option('seed')} ("a b")`);
  expect(error.message).toBe('validationData goes without seed ("a b")');
  expect(error.messageWith((name) => `--${name.toLowerCase()}`)).toBe(
    '--validationdata goes without --seed ("a b")',
  );
  const plain = new OtxError('dataset', 'no option here');
  expect(plain.messageWith(() => 'never')).toBe('no option here');
});
