import { expect, test } from 'vitest';
import {
  createSegmenter,
  crossValidate,
  evaluate,
  exportModel,
  loadTemplate,
  predict,
  reproduce,
  type TrainOptions,
  train,
  trainSeeds,
  writeReport,
} from '../index.js';
import { checkOptions } from './check-options.js';

const studies = { trainSeeds, crossValidate, reproduce };
const functions = {
  ...{ train, evaluate, predict, exportModel, createSegmenter, writeReport },
  ...studies,
} as unknown as Readonly<Record<string, (options: unknown) => Promise<unknown>>>;
const REQUIRED = {
  train: ['trainData', 'output'],
  evaluate: ['weights', 'testData'],
  predict: ['weights', 'input', 'output'],
  exportModel: ['weights', 'output'],
  createSegmenter: ['weights'],
  writeReport: ['run'],
  trainSeeds: ['trainData', 'output'],
  crossValidate: ['trainData', 'output'],
  reproduce: ['dataRoot', 'output'],
};
const OPTIONAL = {
  train: ['template', 'validationData', 'unlabeledData', 'unlabeledFileList', 'loadWeights', 'resumeFrom'],
};
const NO_PATHS = [5, null, Number.NaN, {}, [], true, '', 'a\0b', () => 1, Symbol('x'), 10n];

test.each(Object.entries(REQUIRED))('%s() names the path that is none', async (name, required) => {
  const call = functions[name]!;
  const given = Object.fromEntries(
    required.map((key) => [key, key === 'template' ? 'SegNext-s' : 'nowhere']),
  );
  const cases = [
    ...required.flatMap((key) => [undefined, ...NO_PATHS].map((value) => [key, value] as const)),
    ...(OPTIONAL[name as 'train'] ?? []).flatMap((key) => NO_PATHS.map((value) => [key, value] as const)),
  ].filter(([key, value]) => key !== 'template' || value !== '');
  for (const [key, value] of cases) {
    const error = {
      name: 'OtxError',
      code: 'usage',
      message: expect.stringMatching(`^${key} is .*; expected `),
    };
    await expect(call({ ...given, [key]: value }), `${key} ${String(value)}`).rejects.toMatchObject(error);
  }
  for (const value of [undefined, null, 5, 'x']) {
    await expect(call(value)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining(`${name}() was given`),
    });
  }
});

test('values that are no numbers, switches or functions are named as they are', async () => {
  const options: TrainOptions = { template: 'SegNext-s', trainData: 'nowhere', output: 'nowhere' };
  const cases: [Record<string, unknown>, string][] = [
    [{ seed: Number.NaN }, 'seed is NaN; expected a number'],
    [{ seed: null }, 'seed is null; expected a number'],
    [{ threads: '2' }, 'threads is "2"; expected a number'],
    [{ useOtxAdapter: 'yes' }, 'useOtxAdapter is "yes"; expected true or false'],
    [{ onEvent: {} }, 'onEvent is {}; expected a function'],
    [{ signal: 5 }, 'signal is 5; expected an AbortSignal'],
    [{ learningRate: Number.NaN }, 'learningRate is NaN; allowed is'],
    [{ batchSize: 10n }, 'batchSize is 10n; allowed is'],
    [{ batchSize: () => 1 }, 'batchSize is a function; allowed is'],
    [{ checkpointInterval: { steps: '5' } }, 'checkpointInterval of "5" steps'],
  ];
  for (const [given, message] of cases) {
    const all = { ...options, validationData: 'nowhere', ...given } as TrainOptions;
    await expect(train(all), message).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining(message),
    });
  }
  expect(() => loadTemplate(undefined as unknown as string)).toThrow('the template is undefined; expected');
  const type = 'zip' as 'onnx';
  await expect(exportModel({ weights: 'nowhere', output: 'nowhere', type })).rejects.toThrow(
    'type is "zip"; expected onnx or openvino or pytorch',
  );
});

test('a name that no option has is told, with the one that may be meant', async () => {
  const options = { template: 'SegNext-s', trainData: 'nowhere', output: 'nowhere' };
  for (const [given, message] of [
    [{ epoch: 5 }, 'train() has no option "epoch"; did you mean epochs?'],
    [{ hyperParameters: {} }, 'train() has no option "hyperParameters"'],
    [{ onevent: () => 1 }, 'train() has no option "onevent"; did you mean onEvent?'],
  ] as const) {
    await expect(train({ ...options, ...given } as TrainOptions)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining(message),
    });
  }
});

test('what may be left out may be undefined, and so may what has no meaning', () => {
  expect(() =>
    checkOptions('f()', { a: undefined, b: 5, c: undefined }, { a: 'path?' }, ['b']),
  ).not.toThrow();
  expect(() => checkOptions('f()', { a: 'x' }, { a: 'path' })).not.toThrow();
});
