import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkDataset } from './check-dataset.js';
import { indexMask, soundDataset } from './datasets/fixtures.cases.js';

test('a sound data set is told with its classes and how much each covers', async () => {
  const data = await soundDataset(3);
  const seen: number[] = [];
  const { classes, report } = await checkDataset({
    ...{ data, workers: 0, onEvent: ({ done, total }) => seen.push(done / total) },
  });
  expect(classes.map(({ name }) => name)).toEqual(['background', 'car', 'tree']);
  expect(report).toMatchObject({ root: data, images: 3 });
  expect(report.classes.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1);
  expect(seen.at(-1)).toBe(1);
});

test('all that is wrong comes at once', async () => {
  const data = await soundDataset(3);
  for (const name of ['a', 'b']) {
    await writeFile(join(data, 'masks', `${name}.png`), indexMask([0, 1, 2, 1], 2, 2));
  }
  const error = await checkDataset({ data, workers: 0 }).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code: 'dataset' });
  expect((error as { problems: readonly string[] }).problems.length).toBeGreaterThan(1);
  await expect(checkDataset({ data: 5 as never })).rejects.toThrow(
    /^data is 5; expected the path of a data set/,
  );
  await expect(checkDataset({ data, threads: 2 } as never)).rejects.toThrow(/checkDataset\(\) has no option/);
});

test('images in memory are checked like files', async () => {
  const pixels = { width: 2, height: 1 };
  const image = { data: new Uint8Array(2), ...pixels, channels: 1 } as const;
  const mask = { data: Uint8Array.of(0, 1), ...pixels };
  const { report } = await checkDataset({
    ...{ data: { classes: ['background', 'car'], images: [{ image, mask }] }, workers: 0 },
  });
  expect(report.classes.map(({ pixels: count }) => count)).toEqual([1, 1]);
});
