import { expect, test } from 'vitest';
import { createEvalLoader } from '../loaders/eval-loader.js';
import { createTrainLoader } from '../loaders/train-loader.js';
import { openFormulaDataset } from './formula-dataset.js';

const dataset = openFormulaDataset({ formula: { images: 4, classes: 16, side: 32, seed: 7 } });

async function batches(workers: number, epoch: number) {
  const loader = createTrainLoader(dataset, {
    batchSize: 2,
    cropSize: 32,
    seed: 1,
    workers,
    augmentation: 'plain',
  });
  try {
    const all: Float32Array[] = [];
    for await (const { inputs } of loader.epoch(epoch)) all.push(inputs.images);
    return all;
  } finally {
    await loader.dispose();
  }
}

test('an epoch has other pictures than the one before, and the same ones when it is repeated, by any number of threads', async () => {
  const first = await batches(0, 0);
  expect(first).toHaveLength(2);
  expect(await batches(0, 1)).not.toEqual(first);
  expect(await batches(2, 0)).toEqual(first);
});

test('what is validated on stays the same', async () => {
  const loader = createEvalLoader(dataset, { inputSize: { width: 32, height: 32 }, workers: 0 });
  const masks = async () => {
    const all: Uint8Array[] = [];
    for await (const { mask } of loader) all.push(mask);
    return all;
  };
  const first = await masks();
  expect(first).toHaveLength(4);
  expect(await masks()).toEqual(first);
  await loader.dispose();
});

test('classes have names of their own, the background first', () => {
  const names = dataset.classes.map(({ name }) => name);
  expect(names.slice(0, 5)).toEqual(['background', 'surface 1', 'surface 2', 'surface 3', 'thing 4']);
  expect(new Set(names).size).toBe(16);
});

test('pictures of things have no surfaces but the background', () => {
  const formula = { images: 1, classes: 16, side: 32, seed: 7, pictures: 'things' } as const;
  const names = openFormulaDataset({ formula }).classes.map(({ name }) => name);
  expect(names.slice(0, 3)).toEqual(['background', 'thing 1', 'thing 2']);
});

test('pictures of no known kind are refused with those there are', () => {
  const formula = { images: 4, classes: 16, side: 32, seed: 7, pictures: 'cats' as 'things' };
  expect(() => openFormulaDataset({ formula })).toThrow(
    'formula.pictures is "cats"; expected surfaces or things',
  );
});

test.each([
  ['images', 0],
  ['classes', 256],
  ['side', 31],
  ['seed', 1.5],
])('%s of %s is refused with what is expected', (name, value) => {
  const formula = { images: 4, classes: 16, side: 32, seed: 7, [name]: value };
  expect(() => openFormulaDataset({ formula })).toThrow(
    `formula.${name} is ${value}; expected a whole number from`,
  );
});
