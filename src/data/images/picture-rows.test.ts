import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { Random } from '../../base/random.js';
import { cutWindow } from '../transforms/cut-window.js';
import { openRowsOfBytes } from './picture-rows.js';
import { decodeImage } from './read-image.js';
import { rowsOf } from './rows.js';

const size = { width: 37, height: 53 };
const random = new Random('rows');
const pixels = Uint8Array.from({ length: 3 * 37 * 53 }, () => random.integer(256));
const source = () => sharp(pixels, { raw: { ...size, channels: 3 } });

const files: Readonly<Record<string, () => Promise<Buffer>>> = {
  PNG: () => source().png().toBuffer(),
  'PNG with opacity': () => source().ensureAlpha(0.5).png().toBuffer(),
  'gray PNG': () => source().toColourspace('b-w').png().toBuffer(),
  JPEG: () => source().jpeg().toBuffer(),
  'progressive JPEG': () => source().jpeg({ progressive: true }).toBuffer(),
  'TIFF in strips': () => source().tiff({ compression: 'lzw' }).toBuffer(),
  'TIFF in tiles': () =>
    source().tiff({ compression: 'deflate', tile: true, tileWidth: 16, tileHeight: 16 }).toBuffer(),
  WebP: () => source().webp({ lossless: true }).toBuffer(),
};

describe('rows that are decoded in parts are those of the whole picture', () => {
  test.each(Object.keys(files))('%s', async (name) => {
    const bytes = await files[name]!();
    const whole = await decodeImage(bytes, name);
    const rows = await openRowsOfBytes(bytes, name, undefined, 100);
    expect(rows.whole).toBeUndefined();
    expect(rows).toMatchObject(size);
    for (const [first, count] of [
      [0, 53],
      [0, 1],
      [20, 17],
      [52, 1],
    ] as const) {
      expect(await rows.rows(first, count)).toEqual(
        whole.data.subarray(3 * 37 * first, 3 * 37 * (first + count)),
      );
    }
    const part = { left: 11, top: 20, width: 9, height: 17 };
    expect(await rows.window(part)).toEqual(cutWindow(whole.data, 37, part, 3));
    expect(await rowsOf(whole).window(part)).toEqual(cutWindow(whole.data, 37, part, 3));
  });
});

test.each([
  ['that is turned', () => source().jpeg().withMetadata({ orientation: 6 }).toBuffer(), undefined],
  ['of 16 bits', () => source().toColourspace('rgb16').png().toBuffer(), undefined],
  ['of chosen bands', () => source().png().toBuffer(), { bands: [3, 2, 1] }],
])('a picture %s is decoded as a whole', async (_, encode, reading) => {
  const bytes = await encode();
  const whole = await decodeImage(bytes, 'picture', reading);
  const rows = await openRowsOfBytes(bytes, 'picture', reading, 100);
  expect(rows.whole).toEqual(whole);
  expect(await rows.rows(3, 2)).toEqual(whole.data.subarray(3 * whole.width * 3, 3 * whole.width * 5));
});

test('damage is told with the name', async () => {
  const bytes = await source().png().toBuffer();
  const rows = await openRowsOfBytes(bytes.subarray(0, bytes.length - 2000), 'picture', undefined, 100);
  await expect(rows.rows(50, 3)).rejects.toThrow(
    /^picture cannot be read as an image \(truncated or damaged/,
  );
});
