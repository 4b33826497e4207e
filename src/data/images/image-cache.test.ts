import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ImageCache, readCachedImage } from './image-cache.js';
import { readImage } from './read-image.js';

let root: string;
let image: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'otx-cache-'));
  image = join(root, 'picture.png');
  await draw(image, 0);
});
afterAll(() => rm(root, { recursive: true, force: true }));

async function draw(path: string, shift: number): Promise<void> {
  const data = Uint8Array.from({ length: 3 * 24 * 16 }, (_, i) => (i * i + shift) % 251);
  await writeFile(
    path,
    await sharp(data, { raw: { width: 24, height: 16, channels: 3 } })
      .png()
      .toBuffer(),
  );
}

const storeFor = (scheme: ImageCache['scheme']): ImageCache => ({
  scheme,
  folder: join(root, 'cache', scheme.replace('/', '-')),
});

test.each(['AS-IS', 'PNG', 'TIFF'] as const)('%s keeps every pixel', async (scheme) => {
  const cache = storeFor(scheme);
  const original = await readImage(image);
  expect(await readCachedImage(image, cache)).toEqual(original);
  const [name, ...others] = await readdir(cache.folder);
  expect(others).toEqual([]);
  if (scheme === 'AS-IS') expect(await readFile(join(cache.folder, name!))).toEqual(await readFile(image));
  expect(await readCachedImage(image, cache)).toEqual(original);
});

test('JPEG gives the pixels of the copy from the first time on, and more of them right with more quality', async () => {
  const original = await readImage(image);
  const errors: number[] = [];
  for (const scheme of ['JPEG/75', 'JPEG/95'] as const) {
    const cache = storeFor(scheme);
    const first = await readCachedImage(image, cache);
    const [name] = await readdir(cache.folder);
    expect(await readImage(join(cache.folder, name!))).toEqual(first);
    expect(await readCachedImage(image, cache)).toEqual(first);
    errors.push(first.data.reduce((sum, value, i) => sum + Math.abs(value - original.data[i]!), 0));
  }
  expect(errors[1]).toBeGreaterThan(0);
  expect(errors[1]).toBeLessThan(errors[0]!);
});

test('a copy is read in place of the image, and made anew when it is damaged or the image has changed', async () => {
  const cache = { scheme: 'PNG', folder: join(root, 'cache', 'again') } as const;
  const path = join(root, 'changing.png');
  await draw(path, 1);
  const before = await readCachedImage(path, cache);
  const [name] = await readdir(cache.folder);
  const copy = join(cache.folder, name!);

  await draw(copy, 2);
  expect(await readCachedImage(path, cache)).toEqual(await readImage(copy));
  await writeFile(copy, 'no image');
  expect(await readCachedImage(path, cache)).toEqual(before);

  await draw(path, 3);
  await utimes(path, 1, 1);
  expect(await readCachedImage(path, cache)).toEqual(await readImage(path));
  expect(await readdir(cache.folder)).toHaveLength(2);
});

test('errors name the image, not the copy', async () => {
  const cache = storeFor('PNG');
  await expect(readCachedImage(join(root, 'none.png'), cache)).rejects.toThrow(
    `${join(root, 'none.png')} does not exist`,
  );
  const broken = join(root, 'broken.png');
  await writeFile(broken, 'no image');
  await expect(readCachedImage(broken, cache)).rejects.toThrow(`${broken} cannot be read as an image`);
});
