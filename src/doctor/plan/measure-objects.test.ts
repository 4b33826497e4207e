import { expect, test } from 'vitest';
import { openMemoryDataset } from '../../data/index.js';
import { measureObjects } from './measure-objects.js';

const [WIDTH, HEIGHT] = [100, 50];

/** Images in memory with boxes of class 1: left, top, width, height. */
function withBoxes(...images: readonly (readonly (readonly [number, number, number, number])[])[]) {
  return openMemoryDataset({
    classes: ['background', 'box', 'nothing'],
    images: images.map((boxes) => {
      const mask = new Uint8Array(WIDTH * HEIGHT);
      for (const [left, top, width, height] of boxes) {
        for (let y = top; y < top + height; y++) mask.fill(1, y * WIDTH + left, y * WIDTH + left + width);
      }
      const image = {
        data: new Uint8Array(3 * mask.length),
        width: WIDTH,
        height: HEIGHT,
        channels: 3,
      } as const;
      return { image, mask: { data: mask, width: WIDTH, height: HEIGHT } };
    }),
  });
}

test('the smaller quarter of the pixels of a class says how small its objects are, and specks do not', async () => {
  const dataset = await withBoxes(
    [
      [0, 0, 20, 20],
      [50, 10, 10, 10],
      [80, 40, 1, 3],
    ],
    [[10, 10, 10, 10]],
  );
  const { images, classes } = await measureObjects(dataset, { seed: 1 });
  expect(images).toBe(2);
  expect(classes.map(({ regions }) => regions)).toEqual([2, 3, 0]);
  // 200 of 600 pixels are in boxes of 10 by 10: a tenth of the width, a fifth of the height.
  expect(classes[1]!.smallSide).toBeCloseTo(10 / WIDTH);
  expect(classes[2]!.smallSide).toBeNaN();
});

test('a thin object is as small as it is thin', async () => {
  const { classes } = await measureObjects(await withBoxes([[30, 0, 2, 50]]), { seed: 1 });
  expect(classes[1]!.smallSide).toBeCloseTo(2 / WIDTH);
});
