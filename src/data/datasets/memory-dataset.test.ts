import { expect, test } from 'vitest';
import { createEvalLoader } from '../loaders/eval-loader.js';
import { createTrainLoader } from '../loaders/train-loader.js';
import type { LabeledImages } from './memory-dataset.js';
import { openMemoryDataset } from './memory-dataset.js';
import { verifyDataset } from './verify.js';

const SIZE = { width: 4, height: 3 };
const image = (gray: number) => ({ data: new Uint8Array(12).fill(gray), ...SIZE, channels: 1 }) as const;
const mask = (...values: number[]) => ({
  data: Uint8Array.from({ length: 12 }, (_, i) => values[i % values.length]!),
  ...SIZE,
});
const given = (changes: Partial<LabeledImages> = {}): LabeledImages => ({
  classes: ['background', 'car'],
  images: [
    { image: image(10), mask: mask(0, 1, 255) },
    { name: 'second', image: image(200), mask: mask(1) },
  ],
  ...changes,
});

test('is a data set like one of files: named, counted, loaded', async () => {
  const dataset = openMemoryDataset(given());
  expect(dataset.samples.map(({ id }) => id)).toEqual(['1', 'second']);
  const { report } = await verifyDataset(dataset, { workers: 0 });
  expect(report.classes.map(({ name, pixels }) => [name, pixels])).toEqual([
    ['background', 4],
    ['car', 16],
  ]);
  const loader = createEvalLoader(dataset, { inputSize: { width: 8, height: 8 }, workers: 0 });
  const items = [];
  for await (const item of loader) items.push(item);
  expect(items.map(({ mask }) => [...mask.subarray(0, 3)])).toEqual([
    [0, 1, 255],
    [1, 1, 1],
  ]);
  await loader.dispose();
});

test('is a copy: what becomes of the given pixels changes nothing', async () => {
  const images = given();
  const dataset = openMemoryDataset(images);
  images.images[1]!.mask.data.fill(0);
  const { report } = await verifyDataset(dataset, { workers: 0 });
  expect(report.classes[1]!.pixels).toBe(16);
});

test('gives the network what an augmentation of the caller makes of it', async () => {
  const dataset = openMemoryDataset(given());
  const loader = createTrainLoader(dataset, {
    ...{ batchSize: 2, cropSize: 4, seed: 1, workers: 2 },
    augmentation: (sample) => ({ ...sample, mask: sample.mask.map((label) => (label === 1 ? 0 : 1)) }),
  });
  for await (const { inputs, sampleIds } of loader.epoch(0)) {
    const second = sampleIds.indexOf('second');
    // The last row is padding.
    expect([...inputs.labels.subarray(16 * second, 16 * (second + 1))]).toEqual([
      ...new Array(12).fill(0),
      ...new Array(4).fill(255),
    ]);
  }
  await loader.dispose();
});

test('an augmentation that gives too much is told what fits', async () => {
  const loader = createTrainLoader(openMemoryDataset(given()), {
    ...{ batchSize: 2, cropSize: 2, seed: 1, workers: 0 },
    augmentation: (sample) => sample,
  });
  await expect(loader.epoch(0).next()).rejects.toThrow(/the augmentation gave 4x3 pixels .* at most 2x2/);
  await loader.dispose();
});

test.each<[string, Partial<LabeledImages>, RegExp]>([
  ['no images', { images: [] }, /images in memory: there are none/],
  ['no classes', { classes: [] }, /expected 1 to 255 names, background first/],
  ['a class twice', { classes: ['a', 'a'] }, /images in memory: .*a/],
  [
    'a value without a class',
    { images: [{ image: image(1), mask: mask(0, 2) }] },
    /memory: 1: its mask has the value 2; with 2 classes/,
  ],
  [
    'another size',
    { images: [{ name: 'x', image: image(1), mask: { ...mask(0), width: 3 } }] },
    /memory: x: its mask has 12 values for 3x3 pixels, the image is 4x3/,
  ],
  [
    'no mask',
    { images: [{ image: image(1), mask: undefined as never }] },
    /memory: 1: its mask is undefined/,
  ],
  [
    'pixels that do not fit',
    { images: [{ image: { ...image(1), channels: 3 }, mask: mask(0) }] },
    /memory: 1: an image of 4x3 with 3 channels has 12 bytes, expected 36/,
  ],
  ['a name twice', { images: given().images.map((each) => ({ ...each, name: 'x' })) }, /two are called "x"/],
])('%s is told', (_, changes, message) => {
  expect(() => openMemoryDataset(given(changes))).toThrow(message);
});
