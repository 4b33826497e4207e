/** @file Activation, entropy and occlusion on maps and networks small enough to know what is right. */
import { describe, expect, test } from 'vitest';
import { activation, classActivation, resizedMap } from './activation.js';
import { parseAlgorithms } from './algorithms.js';
import { entropyMap } from './entropy.js';
import { occlusionMaps, PATCHES } from './occlusion.js';

describe('activation', () => {
  // 4x1: the class is at the two left pixels.
  const probability = { width: 4, height: 1, data: Float32Array.of(1, 1, 0, 0) };
  const maps = (...planes: number[][]) => [
    { channels: planes.length, width: 4, height: 1, data: Float32Array.from(planes.flat()) },
  ];

  test('is where the maps are what they are on the class', () => {
    const { data } = classActivation(maps([9, 9, 1, 1]), probability);
    expect([...data]).toEqual([1, 1, 0, 0]);
  });

  test('counts a map that falls on the class as well as one that rises, whatever their scale', () => {
    const { data } = classActivation(maps([0, 0, 1000, 1000], [0.1, 0.1, 0, 0]), probability);
    expect([...data]).toEqual([1, 1, 0, 0]);
  });

  test('leaves out what has nothing to do with the class', () => {
    const alone = classActivation(maps([4, 2, 0, 0]), probability).data;
    const beside = classActivation(maps([4, 2, 0, 0], [1, -1, 1, -1]), probability).data;
    for (const [i, value] of beside.entries()) expect(value).toBeCloseTo(alone[i]!, 6);
  });

  test('is 0 for a class that is nowhere, and for maps that are the same everywhere', () => {
    const nowhere = { ...probability, data: new Float32Array(4) };
    expect([...classActivation(maps([9, 9, 1, 1]), nowhere).data]).toEqual([0, 0, 0, 0]);
    expect([...classActivation(maps([3, 3, 3, 3]), probability).data]).toEqual([0, 0, 0, 0]);
    expect([...activation(maps([3, 3, 3, 3])).data]).toEqual([0, 0, 0, 0]);
  });

  test('is largest of all where maps are unlike their means', () => {
    const { data } = activation(maps([0, 0, 0, 8], [0, 0, 0, -8]));
    expect(data[3]).toBe(1);
    expect(data[0]).toBeLessThan(0.5);
  });

  test('of several resolutions is at the finest one', () => {
    const coarse = { channels: 1, width: 2, height: 1, data: Float32Array.of(1, 0) };
    expect(classActivation([coarse, ...maps([9, 9, 1, 1])], probability)).toMatchObject({
      width: 4,
      height: 1,
    });
  });
});

test('maps are resized with their mean kept', () => {
  const map = { width: 4, height: 4, data: Float32Array.from({ length: 16 }, (_, i) => i) };
  const small = resizedMap(map, { width: 2, height: 2 });
  const mean = (values: Float32Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
  expect(mean(small.data)).toBeCloseTo(7.5, 5);
  expect(small.data[0]).toBeLessThan(small.data[1]!);
  expect(small.data[1]).toBeLessThan(small.data[2]!);
  const large = resizedMap(small, { width: 8, height: 6 });
  expect(mean(large.data)).toBeCloseTo(7.5, 5);
  expect(resizedMap(map, map)).toBe(map);
});

test('entropy is 0 for certain pixels and 1 where all classes are alike', () => {
  const third = 1 / 3;
  const probabilities = Float32Array.of(1, third, 0.5, 0, third, 0.5, 0, third, 0);
  const { data } = entropyMap(probabilities, 3, { width: 3, height: 1 });
  expect(data[0]).toBe(0);
  expect(data[1]).toBeCloseTo(1, 5);
  expect(data[2]).toBeCloseTo(Math.log(2) / Math.log(3), 5);
});

test('occlusion finds the patch that a class is in, of a network that sees single pixels', async () => {
  const side = 2 * PATCHES;
  const area = side * side;
  const planes = new Float32Array(3 * area);
  // Red in the patch of column 5 and row 2.
  for (const [x, y] of [
    [10, 4],
    [11, 4],
    [10, 5],
    [11, 5],
  ] as const)
    planes[y * side + x] = 1;
  let runs = 0;
  const network = {
    classes: 2,
    inputSize: { width: side, height: side },
    probabilities: async (image: Float32Array) => {
      runs += 1;
      const red = image.slice(0, area);
      return Float32Array.from([...red.map((value) => 1 - value), ...red]);
    },
  };
  const [rest, red] = await occlusionMaps(planes, network, undefined);
  expect(runs).toBe(1 + PATCHES * PATCHES);
  expect([...red!.data.entries()].filter(([, value]) => value > 0)).toEqual([[2 * PATCHES + 5, 1]]);
  // The other class grows there, which is no loss.
  expect(Math.max(...rest!.data)).toBe(0);
  expect(planes[4 * side + 10]).toBe(1);
});

test('occlusion stops when it is told to', async () => {
  const network = {
    classes: 1,
    inputSize: { width: 8, height: 8 },
    probabilities: async () => new Float32Array(64).fill(1),
  };
  await expect(occlusionMaps(new Float32Array(192), network, AbortSignal.abort())).rejects.toThrow(
    /stopped|covering/,
  );
});

test('algorithms have names in any case', () => {
  expect([...parseAlgorithms('entropy, OCCLUSION')]).toEqual(['Entropy', 'Occlusion']);
  expect(() => parseAlgorithms('EigenCAM')).toThrow(
    /"EigenCAM" is not known; expected .*ClassWiseSaliencyMap/,
  );
});
