import { describe, expect, test } from 'vitest';
import { checkpointBytes } from '../runs/checkpoint-bytes.js';
import type { RunState } from '../runs/run-state.js';
import { initialRunState } from '../training/prepare/initial-run-state.js';
import { decodeSafetensors, type SafeTensor } from '../weights/safetensors.js';
import { encodeRun, sha256 } from './files.js';
import { checkPictures, readRun, weightsOf } from './resume.js';
import { chooseSettings } from './settings.js';

const classes = [
  { name: 'background', color: [0, 0, 0] as const },
  { name: 'disc', color: [255, 0, 0] as const },
];
const samples = (count: number, width = 8) =>
  Array.from({ length: count }, (_, n) => ({ id: `${n}`, width, height: 8, pixels: {} as never }));
const tensor = (...values: number[]): SafeTensor => ({
  ...{ dtype: 'F32', shape: [values.length], data: Float32Array.from(values) },
});
const tensors = new Map([
  ['weight', tensor(1, 2)],
  ['optimizer.exp_avg.weight', tensor(3, 4)],
]);
const metrics = { mDice: 0.5, mIoU: 0.4, mAcc: 0.6, aAcc: 0.7, perClass: [] };
const [train, validation] = [samples(6), samples(2)];
const facts = {
  ...chooseSettings({ epochs: 3, batchSize: 2 }, train.length),
  ...{ model: () => undefined as never, classes, train, validation, threads: 2 },
  engine: { kind: 'stock', reason: 'asked for' } as const,
  start: { kind: 'none' as const },
};
const begun = (changes: Partial<RunState> = {}): RunState => ({
  ...initialRunState(3, 'plateau'),
  ...{ epoch: 2, updates: 6, lastScore: 0.4, best: { epoch: 1, metrics } },
  ...changes,
});

const lastOf = (state = begun()) => encodeRun(facts, { state, tensors, metrics: null, resume: true });
const best = (score = 0.5) => {
  const learned = new Map([['weight', tensor(9, 9)]]);
  return encodeRun(facts, {
    state: begun(),
    tensors: learned,
    metrics: { ...metrics, mDice: score },
    resume: false,
  });
};

/** A checkpoint with something else in what it says of itself, under a checksum that fits. */
function edited(path: string, value: unknown): Uint8Array {
  const { tensors: all, metadata } = decodeSafetensors(lastOf(), 'last');
  const info = JSON.parse(metadata.otx!);
  const names = path.split('.');
  const inner = names.slice(0, -1).reduce((part, name) => part[name], info);
  inner[names.at(-1)!] = value;
  return checkpointBytes({ info, tensors: all }, sha256);
}
const read = (last: Uint8Array, epochs?: number) => readRun({ name: 'last.safetensors', last }, epochs);

describe('a checkpoint of a tab', () => {
  test('gives back the state, the settings and the tensors', () => {
    const run = read(lastOf());
    expect(run.state).toEqual({ ...begun(), best: null });
    expect(run.hyperParameters).toEqual(facts.hyperParameters);
    expect(run.overrides).toEqual(facts.overrides);
    expect([run.seed, run.template.name, run.planned]).toEqual([facts.seed, 'Lite-HRNet-s-mod2', 3]);
    expect(run.tensors).toEqual(tensors);
    expect(run.notices).toEqual([expect.stringContaining('of epoch 1, were not given with it')]);
  });

  test('written again it says what it said', () => {
    const { best: _, ...run } = read(lastOf());
    const state = { ...run.state, best: begun().best };
    const again = encodeRun({ ...facts, ...run }, { state, tensors, metrics: null, resume: true });
    const [now, before] = [again, lastOf()].map((bytes) => decodeSafetensors(bytes, 'last'));
    expect(JSON.parse(now!.metadata.otx!)).toEqual(JSON.parse(before!.metadata.otx!));
    expect(now!.tensors).toEqual(before!.tensors);
  });

  test('has the best weights with it, or is it', () => {
    const given = (weights: Uint8Array) => readRun({ name: 'last', last: lastOf(), weights });
    expect(given(best()).best?.tensors.get('weight')).toEqual(tensor(9, 9));
    expect(given(best()).state.best).toEqual(begun().best);
    expect(given(best(0.6)).notices).toEqual([expect.stringContaining('are of another training')]);
    const itself = read(lastOf(begun({ best: { epoch: 2, metrics } })));
    expect([...itself.best!.tensors.keys()]).toEqual(['weight']);
    expect(itself.notices).toEqual([]);
  });

  test('goes on to more epochs, and not to fewer than are done', () => {
    const ended = lastOf(begun({ epoch: 3, finished: 'epochs', best: null }));
    const longer = read(ended, 5);
    expect(longer.state).toMatchObject({ epochs: 5, finished: null });
    expect(longer.hyperParameters.learning_parameters.num_iters).toBe(5);
    expect(longer.notices).toEqual([expect.stringMatching(/^to 5 epochs \(it began with 3\): /)]);
    expect(() => read(ended)).toThrow('3 epochs are done, of 3; give more epochs');
    expect(() => read(lastOf(), 1.5)).toThrow('epochs is 1.5');
    expect(read(lastOf(begun({ epoch: 2, step: 1 })), 3).state.step).toBe(1);
    expect(() => read(lastOf(begun({ epoch: 3, step: 1, epochs: 4 })), 3)).toThrow('and one is under way');
  });
});

describe('what a tab does not go on with', () => {
  /** Places of what is said otherwise, and what is said; undefined leaves it out. */
  test.each<[string, path: string, value: unknown, message: string]>([
    ['another network', 'template.name', 'SegNext-b', 'template is SegNext-b'],
    ['a network by another name', 'template.model', 'segnext-b', 'trains "segnext-b"'],
    ['another way', 'hyperParameters.algo_backend.train_type', 'Semisupervised', 'train_type Semisupervised'],
    ['a time budget', 'resume.config.time_budget', 60, 'time budget'],
    ['weighed classes', 'hyperParameters.learning_parameters.class_weights', 'auto', 'class_weights auto'],
    ['an average', 'hyperParameters.learning_parameters.ema_decay', 0.9, 'ema_decay 0.9'],
    ['no batch', 'hyperParameters.learning_parameters.batch_size', 0, 'batch_size'],
    ['a large input', 'hyperParameters.learning_parameters.input_size', '1024x1024', 'an input of 1024x1024'],
    ['a program', 'resume.config.from_program', ['augmentation'], 'augmentation'],
    ['bands', 'data.readings', [{}], 'in a way of its own'],
    ['weights alone', 'resume', undefined, 'not the state of a training'],
    ['a form of later', 'format', 2, 'in a form that is not read here (at "format")'],
    ['a state without epochs', 'resume.state.epochs', undefined, 'resume.state.epochs'],
  ])('%s', (_, path, value, message) => {
    expect(() => read(edited(path, value))).toThrow(message);
  });

  test('damaged files', () => {
    const bytes = lastOf();
    const flipped = bytes.slice();
    flipped[flipped.length - 2]! ^= 1;
    expect(() => read(flipped)).toThrow('damaged; copy it again');
    expect(() => read(bytes.subarray(0, 40))).toThrow('not a usable safetensors file');
    expect(() => read(new TextEncoder().encode('a text that is no file of weights'))).toThrow(
      'last.safetensors: ',
    );
  });
});

test('pictures and networks must be those that it began with', () => {
  const run = read(lastOf());
  const check = (changes: object) => () => checkPictures(run, { classes, train, validation, ...changes });
  expect(check({})).not.toThrow();
  expect(check({ train: samples(7) })).toThrow(/to learn from are not those .*they are 7; there were 6/);
  expect(check({ train: samples(6, 9) })).toThrow('names or sizes have changed');
  expect(check({ validation: [] })).toThrow('to check with');
  expect(check({ classes: classes.slice(1) })).toThrow('classes are disc; they were background, disc');
  const spec = { key: 'weight', shape: [2] } as unknown as Parameters<typeof weightsOf>[1][number];
  expect(weightsOf(tensors, [spec]).get('weight')).toEqual(Float32Array.of(1, 2));
  expect(() => weightsOf(tensors, [{ ...spec, shape: [3] }])).toThrow('no usable weight');
});
