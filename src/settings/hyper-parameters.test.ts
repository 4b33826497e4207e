import { expect, test } from 'vitest';
import { settingsOf } from './hyper-parameters.js';

test('options of the API become settings by group and name; what else a caller gives is passed over', () => {
  const options = { epochs: 3, learningRate: 0.01, workers: undefined, output: 'folder' };
  expect(settingsOf(options)).toEqual({ learning_parameters: { num_iters: 3, learning_rate: 0.01 } });
  expect(settingsOf({})).toEqual({});
});

test('what is wrong is refused under its name in the API', () => {
  expect(() => settingsOf({ epochs: 0 })).toThrow(/^epochs is 0; allowed is an integer from 1 to 100000$/);
  expect(() => settingsOf({ trainType: 'Supervised' as 'Incremental' })).toThrow(
    /^trainType is "Supervised"; allowed is one of Incremental, Semisupervised, Selfsupervised$/,
  );
});
