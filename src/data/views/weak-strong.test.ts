import { describe, expect, it } from 'vitest';
import { Random } from '../../base/random.js';
import { imageOfPlanes, PIXEL_MEAN } from '../transforms/normalize.js';
import type { DecodedImage } from '../types.js';
import { makeViews } from './weak-strong.js';

const SIDE = 64;
const AREA = SIDE * SIDE;

/** Red tells the column, green the row, blue is constant. */
function ramp(width: number, height: number): DecodedImage {
  const data = Uint8Array.from({ length: 3 * width * height }, (_, i) => {
    const [x, y] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width)];
    return [40 + (200 * x) / width, 40 + (200 * y) / height, 140][i % 3]!;
  });
  return { data, width, height };
}

function views(source: DecodedImage, seed: string) {
  const weak = new Float32Array(3 * AREA);
  const strong = new Float32Array(3 * AREA);
  const padding = new Uint8Array(AREA);
  makeViews(source, new Random(seed), { weak, strong, padding, side: SIDE });
  return { weak: imageOfPlanes(weak, SIDE), strong: imageOfPlanes(strong, SIDE), padding };
}

const source = ramp(90, 70);
const DRAWS = Array.from({ length: 300 }, (_, i) => views(source, `views ${i}`));
const isBlack = (image: Uint8Array, at: number): boolean =>
  image[3 * at]! + image[3 * at + 1]! + image[3 * at + 2]! === 0;
const isGray = (image: Uint8Array, padding: Uint8Array): boolean =>
  image.every((value, i) => padding[Math.floor(i / 3)] || Math.abs(value - image[i - (i % 3)]!) <= 1);

describe('makeViews', () => {
  it('repeats for equal seeds, differs between seeds and leaves the image alone', () => {
    expect(views(source, 'views 7')).toEqual(DRAWS[7]);
    expect(new Set(DRAWS.map(({ weak }) => weak.join())).size).toBeGreaterThan(280);
    expect(source).toEqual(ramp(90, 70));
  });

  it('pads with the mean colour, as labeled images are padded', () => {
    for (const { weak, strong, padding } of DRAWS) {
      const isMean = (image: Uint8Array, at: number) =>
        PIXEL_MEAN.every((mean, channel) => Math.abs(image[3 * at + channel]! - mean) <= 1);
      for (let at = 0; at < AREA; at += 7)
        if (padding[at] === 255) expect(isMean(weak, at) && isMean(strong, at)).toBe(true);
    }
  });

  it('tells padding from image, at the edge of a small image and in the corners of a turned one', () => {
    const inCorner = DRAWS.filter(({ padding }) => padding[AREA - 1] === 255 && padding[0] === 0);
    const turned = DRAWS.filter(({ padding }) => padding[0] === 255);
    expect(inCorner.length).toBeGreaterThan(30);
    expect(turned.length).toBeGreaterThan(30);
    for (const { weak, padding } of DRAWS) {
      let wrong = 0;
      for (let at = 0; at < AREA; at++) {
        // Blue is 140 in the image, and more than that of the padding where an edge is blended with it.
        if (padding[at] !== 255 && (padding[at] !== 0 || weak[3 * at + 2]! < 104)) wrong += 1;
      }
      expect(wrong).toBe(0);
    }
  });

  it('the weak view keeps its colours: blue is constant wherever there is image', () => {
    for (const { weak, padding } of DRAWS) {
      let wrong = 0;
      for (let at = 0; at < AREA; at++) {
        // The edges of a turned image are blended with the padding.
        if (padding[at] === 0 && Math.abs(weak[3 * at + 2]! - 140) > 1) wrong += 1;
      }
      expect(wrong).toBeLessThan(AREA / 10);
    }
  });

  it('cuts holes into the strong view alone', () => {
    const cut = DRAWS.filter(({ weak, strong }) => {
      let holes = 0;
      for (let at = 0; at < AREA; at++) if (isBlack(strong, at) && weak[3 * at + 2]! > 130) holes += 1;
      return holes > AREA / 50;
    });
    expect(cut.length / DRAWS.length).toBeGreaterThan(0.25);
    expect(cut.length / DRAWS.length).toBeLessThan(0.45);
  });

  it('makes three of ten strong views gray and never a weak one', () => {
    const share = DRAWS.filter(({ strong, padding }) => isGray(strong, padding)).length / DRAWS.length;
    expect(share).toBeGreaterThan(0.22);
    expect(share).toBeLessThan(0.38);
    expect(DRAWS.some(({ weak, padding }) => isGray(weak, padding))).toBe(false);
  });

  it('keeps the geometry of both views equal', () => {
    // A gray strong view is a function of the weak one, pixel by pixel, where nothing is cut out.
    const gray = DRAWS.filter(({ strong, padding }) => isGray(strong, padding));
    for (const { weak, strong, padding } of gray) {
      for (let at = 0; at < AREA; at++) {
        if (isBlack(strong, at) || padding[at]) continue;
        const wanted = 0.299 * weak[3 * at]! + 0.587 * weak[3 * at + 1]! + 0.114 * weak[3 * at + 2]!;
        expect(Math.abs(strong[3 * at]! - wanted)).toBeLessThan(2);
      }
    }
  });
});
