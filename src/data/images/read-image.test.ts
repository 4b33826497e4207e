import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { errorOf, noise, noiseJpeg, png, rgbPng, temporaryFolder } from '../datasets/fixtures.cases.js';
import { readImageSize } from './decoder.js';
import { readImage } from './read-image.js';

async function read(bytes: Uint8Array | string, name = 'x.png') {
  const path = join(await temporaryFolder(), name);
  await writeFile(path, bytes);
  return { path, ...(await readImage(path)) };
}

describe('readImage', () => {
  it('gives HWC RGB', async () => {
    const rgb = noise(3, 2, 1);
    const image = await read(await rgbPng(rgb, 3, 2));
    expect(image).toMatchObject({ width: 3, height: 2, data: rgb });
    expect(image.warning).toBeUndefined();
  });

  it.each([
    ['gray', png({ width: 2, height: 1, samples: [7, 200], colorType: 0 }), [7, 7, 7, 200, 200, 200]],
    ['gray with alpha', png({ width: 1, height: 1, samples: [7, 0], colorType: 4 }), [7, 7, 7]],
    ['transparent RGBA', png({ width: 1, height: 1, samples: [7, 8, 9, 0], colorType: 6 }), [7, 8, 9]],
    [
      '1-bit gray',
      png({ width: 2, height: 1, samples: [0, 1], colorType: 0, depth: 1 }),
      [0, 0, 0, 255, 255, 255],
    ],
    [
      '16-bit gray',
      png({ width: 1, height: 1, samples: [0x80ff], colorType: 0, depth: 16 }),
      [128, 128, 128],
    ],
    [
      '16-bit RGB',
      png({ width: 1, height: 1, samples: [0x80ff, 0x0102, 0xffff], colorType: 2, depth: 16 }),
      [128, 1, 255],
    ],
    [
      'palette',
      png({
        width: 2,
        height: 1,
        samples: [1, 0],
        colorType: 3,
        depth: 2,
        palette: [
          [1, 2, 3],
          [4, 5, 6],
        ],
      }),
      [4, 5, 6, 1, 2, 3],
    ],
  ])('reduces %s to 8-bit RGB', async (_, bytes, expected) => {
    expect([...(await read(bytes)).data]).toEqual(expected);
  });

  it('converts CMYK', async () => {
    const red = sharp({ create: { width: 16, height: 16, channels: 3, background: '#d02020' } });
    const { data } = await read(await red.toColourspace('cmyk').jpeg().toBuffer(), 'x.jpg');
    expect(data).toHaveLength(3 * 256);
    expect(data[0]).toBeGreaterThan(150);
    expect(data[1]).toBeLessThan(90);
  });

  it('applies EXIF orientation, and the header agrees', async () => {
    // Stored 4x2 with a bright left half; orientation 6 turns it clockwise: 2x4, bright above.
    const rgb = Uint8Array.from({ length: 32 * 16 * 3 }, (_, i) => (i % 96 < 48 ? 250 : 5));
    const raw = { width: 32, height: 16, channels: 3 as const };
    const turned = await sharp(rgb, { raw }).withMetadata({ orientation: 6 }).jpeg().toBuffer();
    const { data, width, height, path } = await read(turned, 'x.jpg');
    expect([width, height]).toEqual([16, 32]);
    expect(await readImageSize(path)).toEqual({ width: 16, height: 32 });
    expect(data[0]).toBeGreaterThan(240);
    expect(data.at(-1)).toBeLessThan(15);
  });

  it('decodes around stray bytes, with a warning', async () => {
    const sound = await noiseJpeg(64, 48);
    const bytes = Buffer.concat([sound.subarray(0, 2), Buffer.from([1, 2, 3, 4]), sound.subarray(2)]);
    const image = await read(bytes, 'x.jpg');
    expect(image.data).toHaveLength(3 * 64 * 48);
    expect(image.warning).toMatch(/x\.jpg: .*extraneous bytes/);
  });

  it.each([
    ['truncated.jpg', async () => (await noiseJpeg(64, 48)).subarray(0, 1500), 'truncated or damaged'],
    [
      'truncated.png',
      async () => (await rgbPng(noise(64, 48, 1), 64, 48)).subarray(0, 1500),
      'truncated or damaged',
    ],
    ['text.jpg', async () => 'this is no photograph', 'not JPEG, PNG'],
    ['empty.jpg', async () => '', 'is an empty file'],
  ])('names %s in its error', async (name, bytes, message) => {
    const error = await errorOf(read(await bytes(), name));
    expect(error).toMatchObject({ name: 'OtxError', code: 'image' });
    expect(error.message).toContain(name);
    expect(error.message).toContain(message);
    expect(error.message).not.toContain('\n');
  });

  it('says when a file does not exist', async () => {
    await expect(readImage('/nowhere/x.jpg')).rejects.toThrow('/nowhere/x.jpg does not exist');
    await expect(readImageSize('/nowhere/x.jpg')).rejects.toThrow('/nowhere/x.jpg does not exist');
  });

  it('brings samples of more than 8 bits to the range of the reading, also of a few bits without one', async () => {
    const twelve = png({ width: 3, height: 1, samples: [0, 2048, 4095], colorType: 0, depth: 16 });
    const { path, data, warning } = await read(twelve);
    expect([...data]).toEqual([0, 0, 0, 128, 128, 128, 255, 255, 255]);
    expect(warning).toMatch(/go up to 4095 and were read as 12 bits/);
    const wider = await readImage(path, { range: [0, 8190] });
    expect([...wider.data]).toEqual([0, 0, 0, 64, 64, 64, 128, 128, 128]);
    expect(wider.warning).toBeUndefined();
    const cut = await readImage(path, { range: [1000, 2000] });
    expect([...cut.data]).toEqual([0, 0, 0, 255, 255, 255, 255, 255, 255]);
  });

  it('takes the bands of the reading', async () => {
    const { path } = await read(await rgbPng([1, 2, 3], 1, 1));
    expect([...(await readImage(path, { bands: [3, 1, 1] })).data]).toEqual([3, 1, 1]);
    expect([...(await readImage(path, { bands: [2] })).data]).toEqual([2, 2, 2]);
    await expect(readImage(path, { bands: [4] })).rejects.toThrow('it has 3 bands, and band 4 was chosen');
  });
});
