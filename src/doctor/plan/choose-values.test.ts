import { expect, test } from 'vitest';
import type { Dataset, DatasetReport, Sample } from '../../data/index.js';
import { settings } from '../../settings/index.js';
import {
  chooseInput,
  chooseValidation,
  chooseWeights,
  chooseWindows,
  explainBatch,
  type PlannedData,
} from './choose-values.js';

const usual = settings.defaults;

/** Images of one size that show two classes besides the background, the second with objects of this side of the image. */
function dataOf(width: number, height: number, smallSide: number, usualSide = 512): PlannedData {
  const sample = { width, height } as Sample;
  const classes = ['background', 'road', 'pole'].map((name, index) => ({
    name,
    pixels: 1,
    share: 0.3,
    images: index === 2 ? 3 : 40,
  }));
  const sides = [0.001, 0.5, smallSide];
  return {
    usualSide,
    trainSet: { samples: [sample, sample] } as unknown as Dataset,
    report: { images: 50, classes } as unknown as DatasetReport,
    objects: { images: 2, classes: sides.map((side) => ({ regions: 3, smallSide: side })) },
  };
}

test.each<[string, PlannedData, string, RegExp]>([
  [
    'objects that can be seen',
    dataOf(2000, 1500, 0.05),
    '512x512',
    /this is the usual input.*pole.*26 pixels/s,
  ],
  // 0.012 of 512 are 6.1 pixels, of 768 they are 9.2.
  [
    'small ones',
    dataOf(2000, 1500, 0.012),
    '768x768',
    /at 512x512 a quarter.*pole.*6\.1 pixels.*2\.3 times/s,
  ],
  ['tiny ones', dataOf(4000, 3000, 0.002), '1024x1024', /pole.*4\.0 times/s],
  ['tiny ones in images that have no more', dataOf(500, 500, 0.002), '512x512', /this is the usual input/],
  ['small images', dataOf(250, 260, 0.05, 256), '256x256', /250x260, for which this is the usual input/],
  ['a class that never occurs', dataOf(800, 800, Number.NaN), '512x512', /road/],
])('the input for %s', (_, data, value, reason) => {
  const chosen = chooseInput(data);
  expect(chosen.value).toBe(value);
  expect(chosen.reason).toMatch(reason);
});

test('large images with small objects are looked at in windows, others are not', () => {
  expect(chooseWindows(dataOf(4000, 3000, 0.002), 1024)).toMatchObject({
    // 0.002 of 3464 are 6.9 pixels, which windows of any size show no larger.
    tile: { value: '512x512', reason: expect.stringMatching(/pole.*2\.0 pixels.*512x512 these are 6\.9$/) },
    input: { value: '512x512' },
  });
  // 24 pixels, which are 16 in windows of 768.
  expect(chooseWindows(dataOf(4800, 4800, 0.005), 1024)?.tile.value).toBe('768x768');
  expect(chooseWindows(dataOf(4000, 3000, 0.05), 512)).toBeUndefined();
  expect(chooseWindows(dataOf(900, 900, 0.002), 512)).toBeUndefined();
});

test('classes are weighed where one has next to no pixels', () => {
  const { report } = dataOf(100, 100, 0.1);
  expect(chooseWeights({ report })).toBeUndefined();
  const classes = report.classes.map((info, index) => (index === 2 ? { ...info, share: 0.004 } : info));
  expect(chooseWeights({ report: { ...report, classes } })).toMatchObject({
    value: 'auto',
    reason: expect.stringMatching(/of pole \(0\.40 %\);/),
  });
});

test('a fifth is validated on, and classes are named that few images show', () => {
  const { value, reason } = chooseValidation(dataOf(100, 100, 0.1));
  expect(value).toBe(0.2);
  expect(reason).toMatch(/10 of 50 images.*pole \(3\)/);
  expect(reason).not.toContain('road');
});

test('a batch says why it is as large as it is', () => {
  const withBatch = (batch_size: number, learning_rate = 0.001) => ({
    ...usual,
    learning_parameters: { ...usual.learning_parameters, batch_size, learning_rate },
  });
  const tell = (batch: number, images: number, rate?: number) =>
    explainBatch(withBatch(batch, rate), usual, images, true).map(({ name, value }) => [name, value]);
  expect(tell(8, 100)).toEqual([['batchSize', 8]]);
  expect(tell(5, 5)).toEqual([['batchSize', 5]]);
  expect(tell(4, 100, 0.000707)).toEqual([
    ['batchSize', 4],
    ['learningRate', 0.000707],
  ]);
});
