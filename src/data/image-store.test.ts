import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ImageStore, readStoredImage } from './image-store.js';
import { readImage } from './read-image.js';

let root: string;
let image: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'otx-store-'));
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

const storeFor = (scheme: ImageStore['scheme']): ImageStore => ({
  scheme,
  folder: join(root, 'store', scheme.replace('/', '-')),
});

test.each(['AS-IS', 'PNG', 'TIFF'] as const)('%s keeps every pixel', async (scheme) => {
  const store = storeFor(scheme);
  const original = await readImage(image);
  expect(await readStoredImage(image, store)).toEqual(original);
  const [name, ...others] = await readdir(store.folder);
  expect(others).toEqual([]);
  if (scheme === 'AS-IS') expect(await readFile(join(store.folder, name!))).toEqual(await readFile(image));
  expect(await readStoredImage(image, store)).toEqual(original);
});

test('JPEG gives the pixels of the copy from the first time on, and more of them right with more quality', async () => {
  const original = await readImage(image);
  const errors: number[] = [];
  for (const scheme of ['JPEG/75', 'JPEG/95'] as const) {
    const store = storeFor(scheme);
    const first = await readStoredImage(image, store);
    const [name] = await readdir(store.folder);
    expect(await readImage(join(store.folder, name!))).toEqual(first);
    expect(await readStoredImage(image, store)).toEqual(first);
    errors.push(first.data.reduce((sum, value, i) => sum + Math.abs(value - original.data[i]!), 0));
  }
  expect(errors[1]).toBeGreaterThan(0);
  expect(errors[1]).toBeLessThan(errors[0]!);
});

test('a copy is read in place of the image, and made anew when it is damaged or the image has changed', async () => {
  const store = { scheme: 'PNG', folder: join(root, 'store', 'again') } as const;
  const path = join(root, 'changing.png');
  await draw(path, 1);
  const before = await readStoredImage(path, store);
  const [name] = await readdir(store.folder);
  const copy = join(store.folder, name!);

  await draw(copy, 2);
  expect(await readStoredImage(path, store)).toEqual(await readImage(copy));
  await writeFile(copy, 'no image');
  expect(await readStoredImage(path, store)).toEqual(before);

  await draw(path, 3);
  await utimes(path, 1, 1);
  expect(await readStoredImage(path, store)).toEqual(await readImage(path));
  expect(await readdir(store.folder)).toHaveLength(2);
});

test('errors name the image, not the copy', async () => {
  const store = storeFor('PNG');
  await expect(readStoredImage(join(root, 'none.png'), store)).rejects.toThrow(
    `${join(root, 'none.png')} does not exist`,
  );
  const broken = join(root, 'broken.png');
  await writeFile(broken, 'no image');
  await expect(readStoredImage(broken, store)).rejects.toThrow(`${broken} cannot be read as an image`);
});
