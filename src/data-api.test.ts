import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import sharp from './data/images/sharp.js';
import {
  decodeImage,
  defaultPalette,
  encodePicture,
  openDataset,
  previewImage,
  readImage,
  readLabels,
  readMaskIndices,
  sizeOfImage,
  writeMask,
} from './data-api.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-data-api-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const WIDTH = 48;
const HEIGHT = 20;
const picture = {
  data: Uint8Array.from({ length: 3 * WIDTH * HEIGHT }, (_, at) => (at * 7) % 251),
  ...{ width: WIDTH, height: HEIGHT },
};

test('a mask that is written is read as its indices, and by any reader of data sets', async () => {
  const size = { width: WIDTH, height: HEIGHT };
  const labels = Uint8Array.from({ length: WIDTH * HEIGHT }, (_, at) => [0, 1, 2, 255][at % 4]!);
  const classes = defaultPalette(3).map((color, at) => ({ name: ['background', 'sea', 'sky'][at]!, color }));
  const path = join(folder, 'masks', 'deep', 'a.png');
  await writeMask(path, labels, size, classes);
  await writeMask(path, labels, size, classes);
  expect(await readdir(join(folder, 'masks', 'deep'))).toEqual(['a.png']);
  expect(await readMaskIndices(path)).toEqual({ data: labels, ...size });

  await writeMask(join(folder, 'images', 'deep', 'a.png'), labels, size, classes);
  const meta = { label_map: { 0: 'background', 1: 'sea', 2: 'sky' } };
  await writeFile(join(folder, 'dataset_meta.json'), JSON.stringify(meta));
  const dataset = await openDataset(folder);
  expect(dataset.classes.map(({ name }) => name)).toEqual(['background', 'sea', 'sky']);
  expect((await readLabels(dataset.samples[0]!, dataset.decodeMask)).data).toEqual(labels);
  await writeFile(path, 'no picture');
  await expect(readMaskIndices(path)).rejects.toThrow(/a\.png cannot be read as an image/);
  await writeFile(path, await encodePicture(picture, { format: 'png' }));
  await expect(readMaskIndices(path)).rejects.toThrow('as masks of class indices are');
});

test('pictures become files of every kind, and what is read of them is what was written', async () => {
  const png = await encodePicture(picture, { format: 'png' });
  expect(await decodeImage(png, 'png')).toEqual(picture);
  expect(await sizeOfImage(png, 'png')).toEqual({ width: WIDTH, height: HEIGHT });
  await expect(sizeOfImage(Buffer.from('text'), 'mine.txt')).rejects.toThrow(
    /^mine\.txt cannot be read as an image/,
  );
  const small = await encodePicture(picture, { format: 'webp', quality: 70, longestSide: 24 });
  expect(await sharp(Buffer.from(small)).metadata()).toMatchObject({ format: 'webp', width: 24, height: 10 });
  const jpeg = await encodePicture(picture, { format: 'jpeg', longestSide: 1000 });
  const facts = { format: 'jpeg', width: WIDTH, height: HEIGHT, chromaSubsampling: '4:4:4' };
  expect(await sharp(Buffer.from(jpeg)).metadata()).toMatchObject(facts);
  const rgba = { width: 2, height: 1, data: Uint8Array.from([1, 2, 3, 0, 4, 5, 6, 255]) };
  const { data, info } = await sharp(Buffer.from(await encodePicture(rgba, { format: 'png' })))
    .raw()
    .toBuffer({ resolveWithObject: true });
  expect([...data]).toEqual([...rgba.data]);
  expect(info.channels).toBe(4);
});

test('a preview is smaller, and with a reading the picture itself', async () => {
  const path = join(folder, 'a.png');
  await writeFile(path, await encodePicture(picture, { format: 'png' }));
  expect(await previewImage(path, 12)).toMatchObject({ width: 12, height: 5 });
  expect(await previewImage(path, 12, { bands: [1] })).toEqual(await readImage(path, { bands: [1] }));
  await expect(previewImage(join(folder, 'none.png'), 12)).rejects.toThrow(/none\.png does not exist/);
});
