import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { Random } from '../base/random.js';
import type { ClassInfo } from '../data/index.js';
import { untrainedCheckpoint } from '../demo/untrained.js';
import { exportModel } from '../export/export-model.js';
import { createSegmenter, type Segmenter, type SegmenterOptions } from './segmenter.js';

const TEMPLATE = 'Lite-HRNet-s-mod2';
const CLASSES: ClassInfo[] = [
  { name: 'background', color: [0, 0, 0] },
  { name: 'traffic light', color: [255, 0, 0] },
  { name: 'road', color: [0, 255, 0] },
];
const [background, light, road] = CLASSES as [ClassInfo, ClassInfo, ClassInfo];
/** That of the network input, so that nothing is resized. */
const SIDE = 68;
const AREA = SIDE * SIDE;

let folder: string;
const at = (name: string) => join(folder, `${name}.safetensors`);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-combined-'));
  const write = (name: string, seed: number, classes: ClassInfo[], inputSize = '64x64') =>
    writeFile(at(name), untrainedCheckpoint({ template: TEMPLATE, classes, seed, settings: { inputSize } }));
  await write('a', 3, CLASSES);
  await write('b', 4, [background, road, light]);
  await write('other', 4, [background, road, { name: 'car', color: [0, 0, 255] }]);
  await write('fewer', 4, [background, road]);
  await write('large', 4, CLASSES, '96x96');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function picture() {
  const random = new Random('picture');
  const data = Uint8Array.from(
    { length: 3 * AREA },
    (_, i) => 128 + 90 * Math.sin((i % (3 * SIDE)) / 40) + random.range(-30, 30),
  );
  return { data, width: SIDE, height: SIDE, channels: 3 as const };
}

function mirroredPicture() {
  const { data, ...size } = picture();
  const mirror = data.map((_, i) => {
    const [row, column, channel] = [Math.floor(i / (3 * SIDE)), Math.floor(i / 3) % SIDE, i % 3];
    return data[3 * (row * SIDE + SIDE - 1 - column) + channel]!;
  });
  return { ...size, data: mirror };
}

async function opened(options: SegmenterOptions): Promise<Segmenter> {
  const segmenter = await createSegmenter({ threads: 1, ...options });
  onTestFinished(() => segmenter.dispose());
  return segmenter;
}

const pictures = { picture: picture(), mirror: mirroredPicture() };
const known = new Map<string, Promise<{ picture: Float32Array; mirror: Float32Array }>>();

/** What is said of both pictures; of options that were seen before, what was said then. */
function answersOf(options: SegmenterOptions) {
  const key = JSON.stringify(options);
  const answers = known.get(key) ?? compute(options);
  known.set(key, answers);
  return answers;
}

async function compute(options: SegmenterOptions) {
  const segmenter = await createSegmenter({ threads: 1, ...options });
  const of = async (name: keyof typeof pictures) =>
    (await segmenter.segment(pictures[name], { probabilities: true })).probabilities!;
  const answers = { picture: await of('picture'), mirror: await of('mirror') };
  await segmenter.dispose();
  return answers;
}

const probabilitiesOf = async (options: SegmenterOptions) => (await answersOf(options)).picture;

/** Largest difference of two answers, the second one mirrored if wanted, with its classes in another order. */
function distance(
  a: Float32Array,
  b: Float32Array,
  { isMirrored = false, order = [0, 1, 2] }: { isMirrored?: boolean; order?: number[] } = {},
) {
  expect(a).toHaveLength(b.length);
  return a.reduce((most, p, i) => {
    const [k, y, x] = [Math.floor(i / AREA), Math.floor((i % AREA) / SIDE), i % SIDE];
    const other = b[order[k]! * AREA + y * SIDE + (isMirrored ? SIDE - 1 - x : x)]!;
    return Math.max(most, Math.abs(p - other));
  }, 0);
}

test('mirrored views are averaged: a mirrored image has the mirrored answer', async () => {
  const { picture: plain, mirror: plainOfMirror } = await answersOf({ weights: at('a') });
  expect(distance(plain, plainOfMirror, { isMirrored: true })).toBeGreaterThan(1e-3);
  const { picture: both, mirror: bothOfMirror } = await answersOf({ weights: at('a'), tta: 'flip' });
  expect(distance(both, bothOfMirror, { isMirrored: true })).toBeLessThan(1e-6);
  const mean = plain.map((p, i) => {
    const mirror = i - (i % SIDE) + SIDE - 1 - (i % SIDE);
    return (p + plainOfMirror[mirror]!) / 2;
  });
  expect(distance(both, mean)).toBeLessThan(1e-5);
});

test('models are averaged by the names of their classes, in the order of the first', async () => {
  const [a, b] = [await probabilitiesOf({ weights: at('a') }), await probabilitiesOf({ weights: at('b') })];
  const order = [0, 2, 1];
  expect(distance(a, b, { order })).toBeGreaterThan(1e-3);
  const mean = a.map((p, i) => (p + b[order[Math.floor(i / AREA)]! * AREA + (i % AREA)]!) / 2);
  const notices: string[] = [];
  const segmenter = await opened({
    weights: [at('a'), at('b')],
    onEvent: (event) => {
      if (event.type === 'notice') notices.push(event.message);
    },
  });
  expect(segmenter.classes).toEqual(CLASSES);
  const { probabilities, labels } = await segmenter.segment(picture(), { probabilities: true });
  expect(distance(probabilities!, mean)).toBeLessThan(1e-5);
  for (const [pixel, label] of labels.entries()) {
    const best = Math.max(...[0, 1, 2].map((k) => probabilities![k * AREA + pixel]!));
    expect(probabilities![label * AREA + pixel]).toBe(best);
  }
  expect(notices).toEqual([
    'classes are found by the mean probability over 2 models, which takes 2 times the work',
  ]);
  // A path in an array is that path.
  expect(distance(await probabilitiesOf({ weights: [at('b')] }), b)).toBe(0);
});

test('all views of two models, twice to the same bits', async () => {
  const options = { weights: [at('a'), at('b')], tta: 'flip,scales' };
  const first = await probabilitiesOf(options);
  expect((await compute(options)).picture).toEqual(first);
  const views = await Promise.all(
    options.weights.map((weights) => probabilitiesOf({ weights, tta: 'flip,scales' })),
  );
  const [a, b] = views as [Float32Array, Float32Array];
  const mean = a.map((p, i) => (p + b[[0, 2, 1][Math.floor(i / AREA)]! * AREA + (i % AREA)]!) / 2);
  expect(distance(first, mean)).toBeLessThan(1e-5);
  expect(distance(a, await probabilitiesOf({ weights: at('a'), tta: 'flip' }))).toBeGreaterThan(1e-3);
});

test('large images are looked at in windows, each in all views', async () => {
  const segmenter = await opened({ weights: at('a'), tile: '48x48', tta: 'flip' });
  const [seen, mirror] = [
    await segmenter.segment(pictures.picture, { probabilities: true }),
    await segmenter.segment(pictures.mirror, { probabilities: true }),
  ];
  expect(seen.windows).toBe(4);
  const { picture: whole } = await answersOf({ weights: at('a'), tta: 'flip' });
  expect(distance(seen.probabilities!, whole)).toBeGreaterThan(1e-3);
  // Each pixel of a resized window is rounded to a whole number.
  expect(distance(seen.probabilities!, mirror.probabilities!, { isMirrored: true })).toBeLessThan(1e-3);
});

test('an exported file is mirrored, averaged with a checkpoint, and refuses scales', async () => {
  const output = join(folder, 'exported');
  const { model } = await exportModel({ weights: at('a'), output });
  const [a, b] = [
    await probabilitiesOf({ weights: at('a'), tta: 'flip' }),
    await probabilitiesOf({ weights: at('b'), tta: 'flip' }),
  ];
  expect(distance(await probabilitiesOf({ weights: model, tta: 'flip' }), a)).toBeLessThan(1e-4);
  const mean = a.map((p, i) => (p + b[[0, 2, 1][Math.floor(i / AREA)]! * AREA + (i % AREA)]!) / 2);
  const both = await probabilitiesOf({ weights: [model, at('b')], tta: 'flip' });
  expect(distance(both, mean)).toBeLessThan(1e-4);
  await expect(createSegmenter({ weights: model, tta: 'flip,scales' })).rejects.toThrow(
    'an exported file takes images of one size alone, and so no tta scales; flip is what it can',
  );
});

test.each([
  [['a', 'other'], 'it lacks "traffic light" and it has "car" besides; give models of the same classes'],
  [['fewer', 'b'], 'it has "traffic light" besides; give models of the same classes'],
  [
    ['a', 'large'],
    'its input has 102x102 pixels, that of the first 68x68; give models of one size, or checkpoints with the same inputSize',
  ],
])('%j have no mean', async (names, reason) => {
  const weights = names.map(at);
  const failing = createSegmenter({ weights, threads: 1 });
  await expect(failing).rejects.toThrow(`${weights[1]} cannot be averaged with ${weights[0]}: ${reason}`);
  await expect(failing).rejects.toMatchObject({ code: 'usage' });
});

test('what can be made the same is averaged', async () => {
  const segmenter = await opened({ weights: [at('a'), at('large')], inputSize: '96x96' });
  expect(segmenter.inputSize).toEqual({ width: 102, height: 102 });
});

test.each([[[]], [['a', '']], [[3]], [''], [undefined]])('weights %j are refused', async (weights) => {
  await expect(createSegmenter({ weights } as SegmenterOptions)).rejects.toThrow(
    'expected a path as a string that is not empty, or several in an array',
  );
});
