import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { png } from '../datasets/fixtures.cases.js';
import { parseMeta } from '../datasets/meta.js';
import { readMask } from '../masks/read-mask.js';
import { readImageSize } from './decoder.js';
import { FORMATS } from './image-format.js';
import { readImage } from './read-image.js';
import sharp from './sharp.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-formats-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const { coding } = parseMeta('{"label_map": {"0": "background", "1": "car"}}', 'meta.json');
const gray = () => sharp(Buffer.alloc(64 * 48, 1), { raw: { width: 64, height: 48, channels: 1 } });
const noise = () =>
  sharp({
    create: {
      width: 300,
      height: 200,
      channels: 3,
      background: 'red',
      noise: { type: 'gaussian', mean: 128, sigma: 60 },
    },
  });
const encoders = {
  JPEG: (image: ReturnType<typeof sharp>) => image.jpeg(),
  PNG: (image: ReturnType<typeof sharp>) => image.png(),
  WebP: (image: ReturnType<typeof sharp>) => image.webp({ lossless: true }),
  TIFF: (image: ReturnType<typeof sharp>) => image.tiff({ compression: 'lzw' }),
  GIF: (image: ReturnType<typeof sharp>) => image.gif(),
  AVIF: (image: ReturnType<typeof sharp>) => image.avif({ effort: 0 }),
};

const SVG =
  '<svg xmlns="http://www.w3.org/2000/svg" width="64" height="48"><rect width="64" height="48"/></svg>';
const box = (brand: string) => Buffer.from(`\0\0\0\x18ftyp${brand}\0\0\0\0${brand}mif1`, 'latin1');

/** Everything else that somebody may call photo.jpg, and what it is said to be. */
const others: Readonly<Record<string, readonly [content: Buffer | string, said: string]>> = {
  SVG: [SVG, 'it is a drawing (SVG or XML), not JPEG, PNG'],
  'SVG behind a declaration': [`\ufeff<?xml version="1.0"?>\n<!-- x -->\n${SVG}`, 'it is a drawing'],
  'compressed SVG': [gzipSync(SVG), 'it is a gzip archive'],
  'SVG in other text': [`hello ${SVG}`, 'not JPEG, PNG'],
  BMP: [Buffer.from(`BM${'\0'.repeat(60)}`), 'it is BMP, not JPEG, PNG, WebP, TIFF, GIF or AVIF'],
  HEIC: [box('heic'), 'it is HEIC'],
  'JPEG 2000': [Buffer.from('0000000c6a5020200d0a870a0000', 'hex'), 'it is JPEG 2000'],
  'JPEG XL': [Buffer.from('ff0a0000', 'hex'), 'it is JPEG XL'],
  PDF: ['%PDF-1.7\n%%EOF', 'it is a PDF document'],
  PostScript: ['%!PS-Adobe-3.0 EPSF-3.0\n', 'it is a PostScript document'],
  PPM: ['P6 2 1 255\nabcdef', 'it is a netpbm image'],
  Radiance: ['#?RADIANCE\n', 'it is Radiance HDR'],
  FITS: ['SIMPLE  =                    T', 'it is FITS'],
  'a table': ['1,2,3\n4,5,6\n', 'not JPEG, PNG'],
  'an own format of libvips': [Buffer.from('b6a6f20800000000', 'hex'), 'not JPEG, PNG'],
  'a page': ['<!DOCTYPE html><html></html>', 'not JPEG, PNG'],
};

describe.each(Object.entries(others))('%s', (kind, [content, said]) => {
  test.each(['photo.jpg', 'photo.png', 'photo.svg', 'photo.tif'])('is not decoded as %s', async (name) => {
    const path = join(folder, `${kind} ${name}`);
    await writeFile(path, content);
    for (const attempt of [() => readImage(path), () => readMask(path, coding), () => readImageSize(path)]) {
      const error = (await attempt().catch((error: unknown) => error)) as Error;
      expect(error).toMatchObject({ name: 'OtxError', code: 'image' });
      expect(error.message).toContain(`${path} cannot be read as an image (`);
      expect(error.message).toContain(said);
      expect(error.message).not.toContain('\n');
    }
  });
});

describe.each(FORMATS)('%s', (format) => {
  it('is read whatever its name', async () => {
    for (const ending of ['jpg', 'png', 'bmp']) {
      const path = join(folder, `${format}.${ending}`);
      await writeFile(path, await encoders[format](noise()).toBuffer());
      expect(await readImageSize(path)).toEqual({ width: 300, height: 200 });
      expect(await readImage(path)).toMatchObject({ width: 300, height: 200 });
    }
  });

  it('that ends early is an error in one line', async () => {
    const whole = await encoders[format](noise()).toBuffer();
    for (const share of [0.01, 0.3, 0.8]) {
      const path = join(folder, `${format} ${share}.jpg`);
      await writeFile(path, whole.subarray(0, Math.ceil(share * whole.length)));
      const error = (await readImage(path).catch((error: unknown) => error)) as Error;
      expect(error).toMatchObject({ name: 'OtxError', code: 'image' });
      expect(error.message).toMatch(
        /^[^\n]*\.jpg cannot be read as an image \((truncated or damaged|it is|not )[^\n]*\)$/,
      );
      expect(error.message).not.toMatch(/source:|unsupported/);
    }
  });
});

it('a drawing behind the signature of a photograph is not drawn', async () => {
  for (const signature of ['GIF89a', 'RIFF    WEBP']) {
    const path = join(folder, 'both.gif');
    await writeFile(path, signature + SVG);
    await expect(readImage(path)).rejects.toThrow(`${path} cannot be read as an image (truncated or damaged`);
  }
});

it('a picture that claims more pixels than memory holds is refused by its head', async () => {
  const path = join(folder, 'bomb.png');
  await writeFile(path, png({ width: 200_000, height: 200_000, samples: [0], colorType: 2 }));
  const message =
    'its 200000x200000 pixels are more than are read; at most 268 million are; cut it into pieces or save it smaller';
  await expect(readImageSize(path)).rejects.toThrow(`${path} cannot be read as an image (${message})`);
  await expect(readImage(path)).rejects.toThrow('it has more pixels than are read; at most 268 million are');
  await expect(readMask(path, coding)).rejects.toThrow(message);
});

it.each(['gif', 'webp', 'tiff'] as const)('of a %s with several pages the first is read', async (format) => {
  const frames = Buffer.alloc(3 * 8 * 8 * 2);
  frames.fill(200, frames.length / 2);
  const path = join(folder, `pages.${format}`);
  const file = await sharp(frames, { raw: { width: 8, height: 16, channels: 3, pageHeight: 8 } })
    .toFormat(format, { lossless: true })
    .toBuffer();
  expect((await sharp(file).metadata()).pages).toBe(2);
  await writeFile(path, file);
  const image = await readImage(path);
  expect(image).toMatchObject({ width: 8, height: 8 });
  expect(Math.max(...image.data)).toBeLessThan(10);
  expect(await readImageSize(path)).toEqual({ width: 8, height: 8 });
});

it('libvips itself reads nothing else, except drawings that were made here', async () => {
  const names = ['a.svg', 'a.ppm', 'a.csv', 'a.v', 'a.pdf', 'a.fits'];
  const contents = [SVG, 'P6 2 1 255\nabcdef', '1,2\n3,4\n', 'x', '%PDF-1.7', 'SIMPLE  ='];
  for (const [i, name] of names.entries()) {
    const path = join(folder, name);
    await writeFile(path, contents[i]!);
    await expect(sharp(path).raw().toBuffer()).rejects.toThrow(/unsupported image format/);
    if (i > 0) await expect(sharp(Buffer.from(contents[i]!)).raw().toBuffer()).rejects.toThrow(/unsupported/);
  }
  expect(await sharp(await gray().png().toBuffer()).metadata()).toMatchObject({ width: 64 });
});

it('no other file of the product imports sharp', async () => {
  const source = fileURLToPath(new URL('../..', import.meta.url));
  const files = (await readdir(source, { recursive: true })).filter((name) =>
    /^(?!.*\.(test|cases)\.ts$).*\.ts$/.test(name),
  );
  const importing: string[] = [];
  for (const name of files) {
    if (/(from|import\()\s*'sharp'/.test(await readFile(join(source, name), 'utf8'))) importing.push(name);
  }
  expect(importing.map((name) => name.replaceAll('\\', '/'))).toEqual(['data/images/sharp.ts']);
});
