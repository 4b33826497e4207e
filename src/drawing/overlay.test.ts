import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { encodePng, renderOverlay } from './overlay.js';

const classes = [
  { name: 'night', color: [0, 0, 0] },
  { name: 'sun', color: [200, 100, 0] },
] as const;

const flat = (width: number, height: number, value: number) => ({
  data: new Uint8Array(width * height * 3).fill(value),
  width,
  height,
});

describe('renderOverlay', () => {
  it('blends by alpha inside regions and leaves ignored pixels and the input alone', () => {
    const image = flat(3, 3, 100);
    const labels = Uint8Array.from([1, 1, 1, 1, 1, 1, 255, 255, 255]);
    const painted = renderOverlay(image, labels, classes, 0.25);
    expect([...painted.subarray(0, 3)]).toEqual([125, 100, 75]);
    expect([...painted.subarray(18)]).toEqual(Array(9).fill(100));
    expect(image.data.every((value) => value === 100)).toBe(true);
    expect([...renderOverlay(image, new Uint8Array(9), classes).subarray(0, 3)]).toEqual([50, 50, 50]);
  });

  it('draws one pixel of contour, lighter for dark classes and darker for light ones, and none at the border of the picture', () => {
    const labels = Uint8Array.from([0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1]);
    const red = (image: Uint8Array) => Array.from({ length: 4 }, (_, x) => image[3 * (4 + x)]!);
    const dark = red(renderOverlay(flat(4, 3, 0), labels, classes, 0.5));
    expect(dark[1]).toBeGreaterThan(dark[0]! + 80);
    expect([dark[0], dark[2], dark[3]]).toEqual([0, 100, 100]);
    const light = red(
      renderOverlay(
        flat(4, 3, 0),
        labels.map((label) => 1 - label),
        classes,
        1,
      ),
    );
    expect(light[1]).toBeLessThan(light[0]! - 80);
    // Row ends: the last pixel of a row and the first of the next are no neighbours.
    const rows = renderOverlay(flat(4, 3, 0), labels, classes, 0.5);
    for (const y of [0, 1, 2]) expect(rows[3 * (4 * y + 3)]).toBe(100);
  });

  it('leaves the background as the photograph is, and draws the contour around what stands on it', () => {
    const labels = new Uint8Array(25);
    for (const y of [1, 2, 3]) labels.fill(1, 5 * y + 1, 5 * y + 4);
    const on = (name: string) =>
      renderOverlay(flat(5, 5, 100), labels, [{ name, color: [0, 0, 0] }, classes[1]], 0.5);
    const red = (image: Uint8Array) => Array.from({ length: 25 }, (_, i) => image[3 * i]!);
    const painted = red(on('background'));
    labels.forEach((label, i) => {
      if (label === 0) expect(painted[i]).toBe(100);
      else if (i === 12) expect(painted[i]).toBe(150);
      else expect(painted[i]).toBeLessThan(80);
    });
    expect(red(on('night'))[24]).toBe(50);
  });

  it('refuses labels of another size', () => {
    expect(() => renderOverlay(flat(3, 3, 0), new Uint8Array(8), classes)).toThrow(/8 labels .* 3x3/);
  });
});

it('encodePng stores the pixels exactly', async () => {
  const data = Uint8Array.from({ length: 5 * 4 * 3 }, (_, i) => i * 4);
  const png = await encodePng({ data, width: 5, height: 4 });
  const back = await sharp(png).raw().toBuffer({ resolveWithObject: true });
  expect(back.info).toMatchObject({ format: 'raw', width: 5, height: 4, channels: 3 });
  expect(new Uint8Array(back.data)).toEqual(data);
  expect((await sharp(png).metadata()).format).toBe('png');
});
