import { expect, expectTypeOf, test } from 'vitest';
import { settings } from './hyper-parameters.js';
import { choice, float } from './kinds.js';
import type { GroupedValuesOf, SettingRecord, ValuesOf } from './setting.js';
import { trainingSettings } from './training-settings.js';
import { createVocabulary } from './vocabulary.js';

const enlarged = {
  ...trainingSettings,
  labelSmoothing: {
    ...float({ min: 0, max: 0.5 }),
    param: 'learning_parameters.label_smoothing',
    default: 0.1,
    affects: 'result',
    onResume: 'fixed',
    description: 'share of the loss that goes to all classes alike',
  },
} as const satisfies SettingRecord;

test('one entry more in the record is a setting more everywhere: type, defaults, checks, files, JSON Schema', () => {
  const more = createVocabulary(enlarged);
  expectTypeOf<ValuesOf<typeof enlarged>['labelSmoothing']>().toEqualTypeOf<number>();
  expectTypeOf<
    GroupedValuesOf<typeof enlarged>['learning_parameters']['label_smoothing']
  >().toEqualTypeOf<number>();
  expect(more.defaults.learning_parameters.label_smoothing).toBe(0.1);
  expect(more.check({ learning_parameters: { label_smoothing: '0.2' } })).toEqual({
    learning_parameters: { label_smoothing: 0.2 },
  });
  expect(() => more.check({ learning_parameters: { label_smoothing: 1 } })).toThrow(
    'parameter learning_parameters.label_smoothing is 1; allowed is a number from 0 to 0.5',
  );
  expect(more.toGroups({ labelSmoothing: 0.3 })).toEqual({ learning_parameters: { label_smoothing: 0.3 } });
  expect(more.jsonSchema(more.defaults)).toMatchObject({
    properties: { labelSmoothing: { type: 'number', minimum: 0, maximum: 0.5, default: 0.1 } },
  });
  expect(() => settings.check({ learning_parameters: { label_smoothing: 0.2 } })).toThrow(
    /unknown parameter/,
  );
});

test('names of the API and of files are translated without loss', () => {
  const flat = settings.toFlat(settings.defaults);
  expect(flat).toMatchObject({ epochs: 300, learningRate: 0.001, inputSize: 'Default', cacheBytes: 1e9 });
  expect(Object.keys(flat)).toEqual(Object.keys(trainingSettings));
  expect(settings.toGroups(flat)).toEqual(settings.defaults);
  expect(settings.toGroups({ epochs: 3 })).toEqual({ learning_parameters: { num_iters: 3 } });
  expect(settings.toFlat({})).toEqual({});
});

test('every name is there once, and every default is allowed and stays as it is', () => {
  const params = settings.entries.map(({ param }) => param);
  expect(new Set(params).size).toBe(params.length);
  expect(settings.check(settings.defaults)).toEqual(settings.defaults);
});

test('the JSON Schema says type, range, default, description and what a setting affects', () => {
  const { properties } = settings.jsonSchema(settings.defaults) as { properties: Record<string, unknown> };
  expect(properties.epochs).toEqual({
    type: 'integer',
    minimum: 1,
    maximum: 100000,
    default: 300,
    description: expect.stringMatching(/passes over the training images/),
    'x-param': 'learning_parameters.num_iters',
    'x-unit': 'epochs',
    'x-affects': 'result',
    'x-onResume': 'extend',
  });
  expect(properties.optimizer).toMatchObject({ enum: ['adam', 'adamw', 'sgd'], default: 'adam' });
  expect(properties.earlyStopping).toMatchObject({ type: 'boolean', default: true });
  expect(properties.workers).toMatchObject({ 'x-affects': 'speed', 'x-onResume': 'free' });
  expect(Object.keys(properties)).toEqual(Object.keys(trainingSettings));
});

test('a choice takes its words in any case', () => {
  const { schema } = choice(['None', 'Full']);
  expect(schema.parse(' full ')).toBe('Full');
  expect(schema.safeParse('half').success).toBe(false);
});
