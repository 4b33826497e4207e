import { expect, test } from 'vitest';
import { cellsOfWindows } from './window-cells.js';

/** Class 1 is bright; the network looks at every second pixel of each row and column. */
const network = async ({ data, width, height }: { data: Uint8Array; width: number; height: number }) => {
  const grid = { width: width / 2, height: height / 2 };
  const area = grid.width * grid.height;
  const probabilities = new Float32Array(2 * area);
  for (let i = 0; i < area; i++) {
    const pixel = 2 * (i % grid.width) + 2 * Math.floor(i / grid.width) * width;
    probabilities[area + i] = data[3 * pixel]! / 255;
    probabilities[i] = 1 - probabilities[area + i]!;
  }
  return probabilities;
};

test.each([
  ['that overlap', { width: 28, height: 20 }, 0.5],
  ['beside each other', { width: 32, height: 24 }, 0],
  ['larger than the image', { width: 6, height: 4 }, 0.25],
])('windows %s give the cells of the whole image', async (_, size, overlap) => {
  const area = size.width * size.height;
  const isBright = (i: number) => i % size.width >= size.width / 2;
  const picture = Uint8Array.from({ length: 3 * area }, (_, i) => (isBright(Math.floor(i / 3)) ? 255 : 51));
  const mask = new Uint8Array(area);
  const tile = { width: 8, height: 8, overlap };
  const cells = await cellsOfWindows({ picture, mask, ...size }, tile, { width: 4, height: 4 }, network);
  const [width, height] = [size.width / 2, size.height / 2];
  expect(cells).toMatchObject({ width, height });
  const bright = (i: number) => i % width >= width / 2;
  expect([...cells.guess]).toEqual(Array.from({ length: width * height }, (_, i) => (bright(i) ? 1 : 0)));
  const compared = [...cells.label.keys()].filter((i) => cells.label[i] === 0);
  expect(compared.map((i) => cells.believed[i])).toEqual(compared.map((i) => (bright(i) ? 0 : 204)));
  // Beyond the image there are no labels, beside which there is a border.
  const isInside = size.width > 8;
  expect(compared).toHaveLength(isInside ? width * height : 2);
});
