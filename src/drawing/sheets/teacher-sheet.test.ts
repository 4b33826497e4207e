import { expect, test } from 'vitest';
import { type ClassInfo, PIXEL_MEAN, PIXEL_STD } from '../../data/index.js';
import { drawTeacherSheet } from './teacher-sheet.js';

const CLASSES: ClassInfo[] = [
  { name: 'background', color: [0, 0, 0] },
  { name: 'red', color: [200, 0, 0] },
  { name: 'blue', color: [0, 0, 200] },
];

/** Gray pictures, normalised. */
function pictures(count: number, area: number, gray: number): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: 3 * count * area }, (_, i) => {
    const channel = Math.floor(i / area) % 3;
    return (gray - PIXEL_MEAN[channel]!) / PIXEL_STD[channel]!;
  });
}

test('a row shows weak view, pseudo-labels, strong view and prediction of an unlabeled image', async () => {
  const side = 64;
  const area = side * side;
  const inputs = {
    images: pictures(3, area, 0),
    labels: new Uint8Array(3 * area),
    weak: pictures(2, area, 255),
    strong: pictures(2, area, 100),
    padding: new Uint8Array(2 * area),
  };
  const pseudoLabels = new Uint8Array(2 * area).fill(255, 0, area).fill(1, area);
  const predictions = new Uint8Array(2 * 16 * 16).fill(2);
  const batch = { inputs, sampleIds: ['a', 'b', 'c', 'u.jpg', 'v.jpg'] };
  const sheet = await drawTeacherSheet(batch, { pseudoLabels, predictions }, CLASSES);

  // Four columns of 320 with gaps of 8; the second row lies in the lower half.
  expect(sheet.width).toBe(5 * 8 + 4 * 320);
  const pixel = (column: number, y: number) => {
    const at = 3 * (y * sheet.width + 8 + 328 * column + 100);
    return Array.from(sheet.data.subarray(at, at + 3));
  };
  const rows = [150, 520];
  for (const y of rows) {
    expect(pixel(0, y)).toEqual([255, 255, 255]);
    expect(pixel(2, y)).toEqual([100, 100, 100]);
    expect(pixel(3, y)).toEqual([50, 50, 150]);
  }
  expect(pixel(1, rows[0]!)).toEqual([255, 255, 255]);
  expect(pixel(1, rows[1]!)).toEqual([228, 128, 128]);
});
