import { expect, test } from 'vitest';
import { newConfig, type TrainOptions } from './train-options.js';

const options: TrainOptions = {
  template: 'Lite-HRNet-s-mod2',
  trainData: 'a',
  validationData: 'b',
  output: 'c',
};
const configOf = (given: Partial<TrainOptions>) =>
  newConfig({ ...options, ...given } as TrainOptions, 'Incremental').config;

test.each<[string, Partial<TrainOptions>]>([
  ['seed is NaN', { seed: Number.NaN }],
  ['seed is -1', { seed: -1 }],
  ['seed is 1.5', { seed: 1.5 }],
  ['seed is 4294967296', { seed: 2 ** 32 }],
  ['seed is "1"', { seed: '1' as unknown as number }],
  ['threads is 0', { threads: 0 }],
  ['threads is 2000', { threads: 2000 }],
  ['timeBudgetSeconds is NaN', { timeBudgetSeconds: Number.NaN }],
  ['timeBudgetSeconds is 0', { timeBudgetSeconds: 0 }],
  ['timeBudgetSeconds is Infinity', { timeBudgetSeconds: Number.POSITIVE_INFINITY }],
  ['adaptedBatchSize is NaN', { adaptedBatchSize: Number.NaN }],
  ['checkpointInterval of 0 steps', { checkpointInterval: { steps: 0 } }],
  ['checkpointInterval of NaN steps', { checkpointInterval: { steps: Number.NaN } }],
  ['checkpointInterval of -1 seconds', { checkpointInterval: { seconds: -1 } }],
])('a run whose %s is not begun', (message, given) => {
  expect(() => configOf(given)).toThrow(expect.objectContaining({ code: 'usage' }));
  expect(() => configOf(given)).toThrow(message);
});

test('what is allowed is in the configuration', () => {
  const given = {
    seed: 0,
    threads: 1,
    timeBudgetSeconds: 0.5,
    checkpointInterval: { seconds: 1, steps: undefined },
  };
  expect(configOf(given as Partial<TrainOptions>)).toMatchObject({ seed: 0, threads: 1, time_budget: 0.5 });
});
