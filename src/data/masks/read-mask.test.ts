import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  errorOf,
  indexMask,
  noiseJpeg,
  png,
  rgbPng,
  THREE_CLASSES,
  temporaryFolder,
} from '../datasets/fixtures.cases.js';
import { parseMeta } from '../datasets/meta.js';
import type { Rgb } from './color-vision.js';
import { readMask } from './read-mask.js';

const codingOf = (meta: object) => parseMeta(JSON.stringify(meta), 'meta.json').coding;
const plain = codingOf(THREE_CLASSES);
const RED: Rgb = [255, 0, 0];
const BLUE: Rgb = [0, 0, 255];
const BLACK: Rgb = [0, 0, 0];
const colored = codingOf({ ...THREE_CLASSES, segmentation_colors: [BLACK, RED, BLUE] });

async function read(bytes: Uint8Array, coding = plain, name = 'm.png') {
  const path = join(await temporaryFolder(), name);
  await writeFile(path, bytes);
  const { data, width, height } = await readMask(path, coding);
  return { values: [...data], width, height };
}

describe('readMask on index masks', () => {
  it('reads values as they are, 255 as ignore', async () => {
    expect(await read(indexMask([0, 1, 2, 255], 2, 2))).toEqual({
      values: [0, 1, 2, 255],
      width: 2,
      height: 2,
    });
  });

  it('maps values by position in the meta file', async () => {
    const coding = codingOf({ labels: ['car', 'background', 'tree'] });
    expect((await read(indexMask([0, 1, 2, 255], 4, 1), coding)).values).toEqual([1, 0, 2, 255]);
  });

  it.each([1, 2, 4, 16] as const)('reads the stored samples of %i-bit files', async (depth) => {
    const samples = depth === 1 ? [0, 1, 1, 0] : [0, 1, 2, 1];
    expect((await read(png({ width: 4, height: 1, samples, colorType: 0, depth }))).values).toEqual(samples);
  });

  it('drops alpha', async () => {
    expect((await read(png({ width: 2, height: 1, samples: [2, 0, 1, 255], colorType: 4 }))).values).toEqual([
      2, 1,
    ]);
  });

  it('knows no ignore value in a 4-bit file, whose largest value is 15', async () => {
    const file = png({ width: 2, height: 1, samples: [1, 15], colorType: 0, depth: 4 });
    await expect(read(file)).rejects.toThrow('value 15 without a class');
  });

  it('applies EXIF orientation', async () => {
    const file = png({ width: 3, height: 1, samples: [0, 1, 2], colorType: 0, orientation: 6 });
    expect(await read(file)).toEqual({ values: [0, 1, 2], width: 1, height: 3 });
    const turned = png({ width: 3, height: 1, samples: [0, 1, 2], colorType: 0, orientation: 3 });
    expect((await read(turned)).values).toEqual([2, 1, 0]);
  });

  it.each([
    ['8-bit', 8, 9],
    ['16-bit', 16, 300],
  ] as const)('lists %s values without a class', async (_, depth, value) => {
    const file = png({ width: 4, height: 1, samples: [0, value, value, 4], colorType: 0, depth });
    const error = await errorOf(read(file));
    expect(error.message).toContain(`m.png has values 4, ${value} without a class in 3 pixels`);
    expect(error.message).toContain('expected 0..2, or 255');
  });
});

describe('readMask on colour masks', () => {
  it('maps declared colours and ignores alpha', async () => {
    expect((await read(await rgbPng([...BLUE, ...BLACK, ...RED], 3, 1), colored)).values).toEqual([2, 0, 1]);
    const rgba = png({ width: 2, height: 1, samples: [...RED, 0, ...BLUE, 255], colorType: 6 });
    expect((await read(rgba, colored)).values).toEqual([1, 2]);
  });

  it('falls back to the VOC palette, whose border colour is ignored', async () => {
    expect((await read(await rgbPng([128, 0, 0, 0, 128, 0, 224, 224, 192], 3, 1))).values).toEqual([
      1, 2, 255,
    ]);
  });

  it('takes black for background when no label is named background', async () => {
    const coding = codingOf({ labels: ['car'], segmentation_colors: [RED] });
    expect((await read(await rgbPng([...RED, ...BLACK], 2, 1), coding)).values).toEqual([1, 0]);
  });

  it('lists colours without a class', async () => {
    const error = await errorOf(read(await rgbPng([...RED, 1, 2, 3], 2, 1), colored));
    expect(error.message).toContain('m.png has colour (1, 2, 3) without a class in 1 pixels');
    expect(error.message).toContain('segmentation_colors');
  });

  it('recognises an index mask that was saved with three channels', async () => {
    const error = await errorOf(read(await rgbPng([1, 1, 1, 2, 2, 2], 2, 1)));
    expect(error.message).toContain('a mask of class indices must have one channel');
  });
});

describe('readMask on palette PNGs', () => {
  const samples = [2, 1, 0, 1];
  const file = (palette: readonly Rgb[], depth: 2 | 8 = 8, values = samples) =>
    read(png({ width: 4, height: 1, samples: values, colorType: 3, depth, palette }));

  it.each([2, 8] as const)('reads %i-bit indices when the colours mean nothing', async (depth) => {
    expect((await file([BLACK, [10, 20, 30], [10, 20, 30]], depth)).values).toEqual(samples);
  });

  it('reads indices, 255 as ignore, under the full VOC palette', async () => {
    const { vocPalette } = await import('./palette.js');
    expect((await file(vocPalette(256), 8, [2, 1, 0, 255])).values).toEqual([2, 1, 0, 255]);
  });

  it('reads colours when all of them are VOC colours of the classes, whatever their order', async () => {
    expect((await file([[0, 128, 0], BLACK, [128, 0, 0]])).values).toEqual([1, 0, 2, 0]);
  });

  it('reads colours when the data set declares colours', async () => {
    const bytes = png({ width: 4, height: 1, samples, colorType: 3, palette: [RED, BLACK, BLUE] });
    expect((await read(bytes, colored)).values).toEqual([2, 0, 1, 0]);
    const wrong = png({ width: 4, height: 1, samples, colorType: 3, palette: [RED, BLACK, [1, 2, 3]] });
    await expect(read(wrong, colored)).rejects.toThrow('colour (1, 2, 3) without a class');
  });
});

describe('readMask on files that are no masks', () => {
  it('refuses JPEG, whose compression changes values', async () => {
    await expect(read(await noiseJpeg(8, 8), plain, 'm.jpg')).rejects.toThrow('m.jpg is a JPEG mask');
  });

  it('names truncated files', async () => {
    const values = Array.from({ length: 64 * 64 }, (_, i) => (i * 7919) % 3);
    const bytes = indexMask(values, 64, 64);
    await expect(read(bytes.subarray(0, bytes.length - 40))).rejects.toThrow(
      /m\.png cannot be read.*truncated/,
    );
    const palette = png({
      width: 64,
      height: 64,
      samples: values,
      colorType: 3,
      palette: [RED, BLUE, [1, 2, 3]],
    });
    await expect(read(palette.subarray(0, palette.length - 40))).rejects.toThrow(
      /m\.png cannot be read.*truncated/,
    );
  });
});
