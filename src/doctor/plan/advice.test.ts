import { expect, test } from 'vitest';
import type { Dataset, DatasetReport, Sample } from '../../data/index.js';
import { settings } from '../../settings/index.js';
import { adviceFor } from './advice.js';

const adviceOf = (
  images: number,
  classes: readonly (readonly [name: string, share: number, smallSide: number])[],
) =>
  adviceFor(
    {
      trainSet: { samples: new Array<Sample>(images).fill({} as Sample) } as unknown as Dataset,
      report: {
        classes: classes.map(([name, share]) => ({ name, share, pixels: 1e6 * share, images })),
      } as unknown as DatasetReport,
      objects: { images, classes: classes.map(([, , smallSide]) => ({ regions: 9, smallSide })) },
    },
    settings.defaults,
    false,
  );

test('nothing is said of data that has enough of everything', () => {
  expect(
    adviceOf(100, [
      ['background', 0.5, 0.001],
      ['road', 0.5, 0.3],
    ]),
  ).toEqual([]);
});

test('classes are named that are too small, too rare or not there, and too few images', () => {
  const [lost, rare, never, few] = adviceOf(12, [
    ['background', 0.6, 0.001],
    ['road', 0.396, 0.3],
    ['pole', 0.004, 0.01],
    ['bus', 0, Number.NaN],
  ]);
  // A hundredth of 512.
  expect(lost).toMatch(/at 512x512 even so: pole \(5\.1 pixels\)\./);
  expect(rare).toMatch(/^Rare among the pixels: pole\./);
  expect(never).toMatch(/learned: bus\.$/);
  expect(few).toMatch(/^12 labeled images are few\./);
});
