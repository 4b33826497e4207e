import { expect, test } from 'vitest';
import { type HyperParameterOverrides, type SettingOptions, settings } from '../../settings/index.js';
import { loadTemplate } from '../template.js';
import type { TrainType } from '../train-types.js';
import { type FollowedRecipe, followRecipe, reasonsByParam } from './recipe.js';
import type { RecipeFacts } from './situation.js';

interface Question extends Partial<RecipeFacts> {
  readonly recipe?: 'auto' | 'otx';
  readonly template?: string;
  readonly trainType?: TrainType;
  readonly asked?: SettingOptions;
  readonly isOwnModel?: boolean;
}

const CAMVID = { images: 120, side: Math.sqrt(480 * 360) };

function follow({ template = 'Lite-HRNet-s-mod2', asked = {}, ...given }: Question = {}): FollowedRecipe {
  const { recipe = 'auto', trainType = 'Incremental', isOwnModel = false, ...facts } = given;
  return followRecipe(
    { recipe, template: loadTemplate(template), trainType, isOwnModel, asked: settings.toGroups(asked) },
    { start: 'embedded', ...CAMVID, ...facts },
  );
}

/** Under the names of the API. */
const flat = (question?: Question) => settings.toFlat(follow(question).settings);
const chosen = (question?: Question) =>
  Object.fromEntries(follow(question).values.map(({ name, value }) => [name, value]));

test.each(['imagenet', 'embedded', 'weights', 'none'] as const)(
  'otx is the documented recipe to the letter, from %s',
  (start) => {
    // As OTX documents it; all else is that of the template.
    const letter = { early_stop_iteration_patience: 0, plateau_iteration_patience: 0 };
    const lite = follow({ recipe: 'otx', start }).settings;
    const template = loadTemplate('Lite-HRNet-s-mod2').hyperParameters;
    expect(lite).toEqual(settings.resolve(template, { learning_parameters: letter }));
    expect(lite.learning_parameters).toMatchObject({
      ...{ batch_size: 8, learning_rate: 0.001, learning_rate_warmup_iters: 100, num_iters: 300 },
      ...{ optimizer: 'adam', learning_rate_schedule: 'plateau', augmentation: 'documented' },
      ...{ enable_early_stopping: true, early_stop_start: 3, early_stop_patience: 5 },
      ...{ input_size: 'Default', validation_interval: 1, sigma_scale: 'fixed', ema_decay: 0 },
    });
    const segNext = follow({ recipe: 'otx', start, template: 'SegNext-t' }).settings;
    expect(segNext).toEqual(loadTemplate('SegNext-t').hyperParameters);
    expect(segNext.learning_parameters).toMatchObject({
      ...{ learning_rate: 0.00008, learning_rate_warmup_iters: 20, num_iters: 170, optimizer: 'adamw' },
      ...{ learning_rate_schedule: 'poly', early_stop_start: 15, early_stop_patience: 10 },
    });
    const alone = flat({ recipe: 'otx', start, trainType: 'Selfsupervised' });
    expect(alone).toMatchObject({ optimizer: 'sgd', learningRate: 0.001, epochs: 10, batchSize: 16 });
    expect(alone).toMatchObject({ warmupSteps: 0, earlyStopping: false, sigmaScale: 'fixed' });
    const contrastive = flat({ recipe: 'otx', start, asked: { contrastive: true } });
    expect(contrastive).toMatchObject({ warmupSteps: 50, epochs: 300, learningRateSchedule: 'plateau' });
  },
);

test('from the ImageNet backbone auto is what the templates say', () => {
  for (const template of ['Lite-HRNet-18-mod2', 'SegNext-b']) {
    const followed = follow({ template, start: 'imagenet' });
    expect(followed.values).toEqual([]);
    expect(followed.settings).toEqual(loadTemplate(template).hyperParameters);
    expect(followed.why).toMatch(/documented settings of .*made for the ImageNet backbone/);
  }
  expect(flat({ start: 'imagenet', trainType: 'Selfsupervised' })).toMatchObject({
    ...{ optimizer: 'sgd', epochs: 10 },
  });
});

test('from the embedded backbone and from random numbers auto plans steps for the number of images', () => {
  for (const start of ['embedded', 'none'] as const) {
    expect(chosen({ start })).toEqual({
      ...{ batchSize: 8, augmentation: 'plain', learningRateSchedule: 'poly', learningRate: 0.002 },
      // 2125 steps of 15 to an epoch.
      ...{ inputSize: '256x256', epochs: 142, warmupSteps: 100, earlyStopping: false },
      ...{ validationInterval: 4, emaDecay: 0 },
    });
  }
  expect(follow().why).toBe(
    'what suits a start from the embedded backbone and 120 images of about 416x416 pixels',
  );
});

test.each([
  [8, 862, 1],
  [24, 414, 3],
  [100, 167, 12],
  [1000, 34, 125],
  [5000, 20, 625],
])('%i images are learned from in %i epochs of %i steps', (images, epochs, stepsPerEpoch) => {
  const settings = flat({ images });
  expect(settings.epochs).toBe(epochs);
  const steps = epochs * stepsPerEpoch;
  expect(settings.warmupSteps).toBe(Math.min(Math.floor(steps / 10), 100));
  const validations = epochs / settings.validationInterval!;
  expect(validations).toBeLessThanOrEqual(40);
  expect(validations).toBeGreaterThanOrEqual(20);
});

test.each([
  [100, '128x128'],
  [200, '224x224'],
  [256, '256x256'],
  [500, '256x256'],
  [700, '384x384'],
  [2000, '512x512'],
])('images of %i pixels are looked at in %s', (side, inputSize) => {
  expect(flat({ side }).inputSize).toBe(inputSize);
});

test('given weights get half of the rate, other networks and ways of training their own', () => {
  const rate = (question: Question) => flat(question).learningRate;
  expect(rate({ start: 'weights' })).toBe(0.001);
  expect(rate({ template: 'Lite-HRNet-18-mod2' })).toBe(0.002);
  expect(rate({ template: 'SegNext-t' })).toBe(0.0005);
  expect(rate({ trainType: 'Semisupervised' })).toBe(0.001);
  expect(rate({ asked: { contrastive: true } })).toBe(0.001);
});

test('every way of training keeps what belongs to it', () => {
  const contrastive = chosen({ asked: { contrastive: true } });
  expect(contrastive).toMatchObject({ learningRateSchedule: 'poly', sigmaScale: 'crop' });
  expect(contrastive).not.toHaveProperty('emaDecay');
  expect(flat({ asked: { contrastive: true } }).augmentation).toBe('views');
  const semi = chosen({ trainType: 'Semisupervised', images: 12 });
  expect(semi).toMatchObject({ augmentation: 'plain', epochs: 986, warmupSteps: 98 });
  expect(semi).not.toHaveProperty('sigmaScale');
  const match = { trainType: 'Semisupervised', asked: { semiMethod: 'unimatch' } } as const;
  expect(chosen(match)).toMatchObject({ sigmaScale: 'crop' });
  expect(flat(match).unlabeledWeight).toBe(1);
});

test('self-supervised training learns from whatever start, and long enough from few images', () => {
  const alone = { trainType: 'Selfsupervised' } as const;
  expect(chosen({ ...alone, images: 280, start: 'none' })).toEqual({ optimizer: 'adam', epochs: 15 });
  expect(chosen({ ...alone, images: 32 })).toMatchObject({ epochs: 125 });
});

test('what the user names wins, and the rest follows from it', () => {
  const asked = { epochs: 10, learningRateSchedule: 'constant', batchSize: 4 } as const;
  expect(flat({ asked })).toMatchObject({ ...asked, learningRate: 0.001, warmupSteps: 30 });
  expect(chosen({ asked })).not.toHaveProperty('epochs');
  // Without an end of its own a training stops when scores no longer rise.
  expect(flat({ asked, template: 'SegNext-t' })).toMatchObject({
    ...{ earlyStopping: true, earlyStoppingPatienceSteps: 300 },
  });
  expect(flat({ asked: { earlyStoppingPatience: 2 } }).earlyStopping).toBe(true);
  expect(flat({ asked: { adaptiveInterval: true } }).validationInterval).toBe(1);
  // Of a training that somebody will stop, something is to be seen before.
  expect(flat({ asked: { epochs: 10000 } }).validationInterval).toBe(6);
  expect(flat({ asked: { optimizer: 'sgd' } }).learningRate).toBe(0.001);
  const all = settings.toFlat(loadTemplate('SegNext-t').hyperParameters);
  for (const recipe of ['auto', 'otx'] as const) {
    expect(follow({ recipe, asked: all })).toMatchObject({ values: [], settings: settings.toGroups(all) });
  }
});

test("a template and a network of one's own keep their settings", () => {
  const template = loadTemplate('Lite-HRNet-s-mod2');
  const asked: HyperParameterOverrides = {};
  const own = settings.resolve(template.hyperParameters, { learning_parameters: { learning_rate: 0.01 } });
  const request = { recipe: 'auto', trainType: 'Incremental', isOwnModel: false, asked } as const;
  const facts = { start: 'none', ...CAMVID } as const;
  for (const recipe of ['auto', 'otx'] as const) {
    const changed = { ...template, hyperParameters: own };
    expect(followRecipe({ ...request, recipe, template: changed }, facts).settings).toEqual(own);
  }
  const withModel = follow({ isOwnModel: true, start: 'none' });
  expect(withModel.settings).toEqual(template.hyperParameters);
  expect(withModel.why).toMatch(/network of one's own/);
});

test('every value has a reason, under its name in files', () => {
  for (const trainType of ['Incremental', 'Semisupervised', 'Selfsupervised'] as const) {
    const { values } = follow({ trainType });
    const reasons = reasonsByParam(values);
    expect(reasons.size).toBe(values.length);
    for (const reason of reasons.values()) expect(reason).toMatch(/^recipe: .{20,}/);
  }
  expect(reasonsByParam(follow().values).get('learning_parameters.num_iters')).toBe(
    'recipe: 2130 steps of 8: 2000 for 100 images, twice as many for eight times the images',
  );
});
