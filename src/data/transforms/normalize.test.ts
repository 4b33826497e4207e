import { expect, it } from 'vitest';
import { fillInput, fillLabels, fillPlanes, imageOfPlanes } from './normalize.js';

const SIZE = { width: 2, height: 1 };

it('writes (x - mean) / std in planes and leaves the padding zero', () => {
  const planes = new Float32Array(27);
  fillPlanes(Uint8Array.from([255, 0, 10, 124, 116, 104]), SIZE, planes, 3);
  const [r, g, b] = [planes.subarray(0, 9), planes.subarray(9, 18), planes.subarray(18)];
  expect(r[0]).toBeCloseTo((255 - 123.675) / 58.395, 6);
  expect(r[1]).toBeCloseTo((124 - 123.675) / 58.395, 6);
  expect(g[0]).toBeCloseTo((0 - 116.28) / 57.12, 6);
  expect(b[0]).toBeCloseTo((10 - 103.53) / 57.375, 6);
  for (const plane of [r, g, b]) expect([...plane.subarray(2)]).toEqual([0, 0, 0, 0, 0, 0, 0]);
});

it('pads labels with 255', () => {
  const labels = new Uint8Array(9);
  fillLabels(Uint8Array.from([4, 5]), SIZE, labels, 3);
  expect([...labels]).toEqual([4, 5, 255, 255, 255, 255, 255, 255, 255]);
});

it('refuses what does not fit', () => {
  expect(() => fillLabels(new Uint8Array(8), { width: 4, height: 2 }, new Uint8Array(9), 3)).toThrow(
    '4x2 does not fit',
  );
});

it('packs image and mask of a sample alike', () => {
  const input = { planes: new Float32Array(27), labels: new Uint8Array(9), side: 3 };
  const image = Uint8Array.from([255, 0, 10, 124, 116, 104]);
  fillInput({ image, mask: Uint8Array.from([4, 5]), ...SIZE }, input);
  const planes = new Float32Array(27);
  fillPlanes(image, SIZE, planes, 3);
  expect(input.planes).toEqual(planes);
  expect([...input.labels.subarray(0, 3)]).toEqual([4, 5, 255]);
});

it('gives back every 8-bit value, and the mean colour for padding', () => {
  const image = Uint8Array.from({ length: 3 * 256 }, (_, i) => Math.floor(i / 3));
  const planes = new Float32Array(3 * 17 * 17);
  fillPlanes(image, { width: 16, height: 16 }, planes, 17);
  const found = imageOfPlanes(planes, 17);
  for (let y = 0; y < 16; y++) {
    expect(found.subarray(3 * 17 * y, 3 * (17 * y + 16))).toEqual(image.subarray(48 * y, 48 * (y + 1)));
  }
  expect([...found.subarray(-3)]).toEqual([124, 116, 104]);
});
