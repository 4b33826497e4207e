import { expect, test } from 'vitest';
import { describeAll, settingsFromParams } from './describe-settings.js';
import { settings } from './hyper-parameters.js';

test('parameters become settings of the API, and a confidence threshold is one that is used', () => {
  expect(settingsFromParams({ learning_parameters: { num_iters: '30', optimizer: 'SGD' } })).toEqual({
    epochs: 30,
    optimizer: 'sgd',
  });
  expect(settingsFromParams({ postprocessing: { confidence_threshold: 0.5 } })).toEqual({
    confidenceThreshold: 0.5,
    resultBasedThreshold: false,
  });
  expect(settingsFromParams({})).toEqual({});
});

test('a parameter of an option that is no setting must say what was said beside it', () => {
  const params = { algo_backend: { use_otx_adapter: 'Yes', mem_cache_size: '1GB' } };
  expect(settingsFromParams(params)).toEqual({ useOtxAdapter: true, cacheBytes: 1e9 });
  expect(settingsFromParams(params, { useOtxAdapter: true })).toMatchObject({ useOtxAdapter: true });
  expect(() => settingsFromParams(params, { useOtxAdapter: false })).toThrow(
    /^useOtxAdapter false and algo_backend\.use_otx_adapter true contradict/,
  );
  expect(() => settingsFromParams({ algo_backend: { use_otx_adapter: 'maybe' } })).toThrow(
    /use_otx_adapter is "maybe"; allowed is true \(1, yes, on\)/,
  );
});

test('every setting and option is described, with the defaults that are given', () => {
  const all = describeAll(settings.resolve(settings.defaults, { learning_parameters: { num_iters: 7 } }));
  expect(all.find(({ name }) => name === 'epochs')).toMatchObject({
    ...{ type: 'integer', default: 7, min: 1, unit: 'epochs', param: 'learning_parameters.num_iters' },
    ...{ flag: undefined, onResume: 'extend', usedBy: [] },
  });
  expect(all.find(({ name }) => name === 'output')).toMatchObject({
    ...{ type: 'path', file: 'output', flag: '-o, --output <folder>', longFlag: '--output' },
    ...{ param: undefined, default: undefined },
  });
  expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
});
