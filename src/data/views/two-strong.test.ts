import { expect, it } from 'vitest';
import { Random } from '../../base/random.js';
import { imageOfPlanes } from '../transforms/normalize.js';
import type { DecodedImage } from '../types.js';
import { makeTwoStrong } from './two-strong.js';

const SIDE = 48;
const AREA = SIDE * SIDE;

/** Red tells the column, green the row, blue is constant. */
const source: DecodedImage = {
  data: Uint8Array.from({ length: 3 * 90 * 60 }, (_, i) => {
    const [x, y] = [Math.floor(i / 3) % 90, Math.floor(i / 270)];
    return [40 + 2 * x, 40 + 3 * y, 140][i % 3]!;
  }),
  width: 90,
  height: 60,
};

function views(seed: string) {
  const [weak, first, second] = [0, 1, 2].map(() => new Float32Array(3 * AREA)) as [
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const padding = new Uint8Array(AREA);
  makeTwoStrong(source, new Random(seed), { weak, strong: [first, second], padding, side: SIDE });
  const [a, b, c] = [weak, first, second].map((planes) => imageOfPlanes(planes, SIDE)) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
  return { weak: a, first: b, second: c, padding };
}
const DRAWS = Array.from({ length: 200 }, (_, i) => views(`two ${i}`));

/** Whether all three channels are equal wherever there is image. */
const isGray = (image: Uint8Array, padding: Uint8Array) =>
  image.every((value, i) => padding[Math.floor(i / 3)] || Math.abs(value - image[i - (i % 3)]!) <= 1);
const share = (fits: (draw: (typeof DRAWS)[number]) => boolean) => DRAWS.filter(fits).length / DRAWS.length;

it('repeats for equal seeds, differs between seeds and leaves the image alone', () => {
  const before = source.data.slice();
  expect(views('two 7')).toEqual(DRAWS[7]);
  expect(new Set(DRAWS.map(({ weak }) => weak.join())).size).toBeGreaterThan(150);
  expect(source.data).toEqual(before);
});

it('keeps the colours of the weak view, and gives the strong views colours of their own', () => {
  for (const { weak, padding } of DRAWS)
    expect(padding.every((value, at) => value > 0 || Math.abs(weak[3 * at + 2]! - 140) <= 1)).toBe(true);
  const equal = (a: Uint8Array, b: Uint8Array) => a.every((value, i) => value === b[i]);
  expect(share(({ first, second }) => equal(first, second))).toBeLessThan(0.1);
  expect(share(({ weak, first }) => equal(weak, first))).toBeLessThan(0.2);
  for (const view of ['first', 'second'] as const) {
    const gray = share((draw) => isGray(draw[view], draw.padding));
    expect(gray).toBeGreaterThan(0.12);
    expect(gray).toBeLessThan(0.3);
  }
});

it('shows the same pixels in all three: what is neither turned nor blurred is brighter where the weak view is', () => {
  const columns = (image: Uint8Array, padding: Uint8Array) => {
    const values: number[] = [];
    for (let x = 0; x < SIDE; x++) if (!padding[x]) values.push(image[3 * x]! + image[3 * x + 1]!);
    return values;
  };
  const isRising = (values: number[]) => values.at(-1)! > values[0]!;
  // Gray views keep the order of brightness, whatever was done to their colours before.
  const gray = DRAWS.filter(({ first, padding }) => isGray(first, padding));
  const same = gray.filter(
    ({ weak, first, padding }) => isRising(columns(weak, padding)) === isRising(columns(first, padding)),
  );
  expect(same.length / gray.length).toBeGreaterThan(0.8);
});

it('pads a small image below or to the right, in all views with the mean colour', () => {
  const padded = DRAWS.filter(({ padding }) => padding[AREA - 1] === 255);
  expect(padded.length).toBeGreaterThan(20);
  for (const { weak, first, second, padding } of padded) {
    expect(padding[0]).toBe(0);
    for (const image of [weak, first, second])
      expect([...image.slice(-3)].map((v, i) => Math.abs(v - [124, 116, 104][i]!) <= 1)).toEqual([
        true,
        true,
        true,
      ]);
  }
});
