import { symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import {
  errorOf,
  noise,
  noiseJpeg,
  rgbPng,
  soundDataset,
  stripes,
  THREE_CLASSES,
  temporaryFolder,
  writeFiles,
} from './fixtures.cases.js';
import { openDataset } from './open-dataset.js';

describe('openDataset', () => {
  it('lists samples sorted by id with sizes after EXIF orientation', async () => {
    const root = await soundDataset(2, 12, 8);
    const raw = { width: 12, height: 8, channels: 3 as const };
    const turned = await sharp(noise(12, 8, 1), { raw })
      .withMetadata({ orientation: 8 })
      .jpeg()
      .toBuffer();
    await writeFiles(root, { 'images/Nested/z.JPG': turned, 'masks/Nested/z.png': stripes(8, 12) });
    const dataset = await openDataset(root);
    expect(dataset.samples).toEqual([
      {
        id: 'Nested/z',
        imagePath: join(root, 'images/Nested/z.JPG'),
        maskPath: join(root, 'masks/Nested/z.png'),
        width: 8,
        height: 12,
      },
      {
        id: 'a',
        imagePath: join(root, 'images/a.png'),
        maskPath: join(root, 'masks/a.png'),
        width: 12,
        height: 8,
      },
      {
        id: 'b',
        imagePath: join(root, 'images/b.png'),
        maskPath: join(root, 'masks/b.png'),
        width: 12,
        height: 8,
      },
    ]);
    expect(dataset.classes.map(({ name }) => name)).toEqual(['background', 'car', 'tree']);
  });

  it('prefers dataset_meta.json, accepts meta.json', async () => {
    const root = await soundDataset(1);
    await writeFiles(root, { 'meta.json': { labels: ['other'] } });
    expect((await openDataset(root)).classes).toHaveLength(3);
    const second = await temporaryFolder();
    await writeFiles(second, {
      'meta.json': { labels: ['other'] },
      'images/a.jpg': await noiseJpeg(6, 6),
      'masks/a.png': stripes(6, 6),
    });
    expect((await openDataset(second)).classes.map(({ name }) => name)).toEqual(['background', 'other']);
  });

  it('follows links, skips hidden files and files that are no images', async () => {
    const root = await soundDataset(1);
    await writeFiles(root, { 'images/._a.png': 'x', 'images/Thumbs.db': 'x', 'images/.hidden/q.png': 'x' });
    await symlink(join(root, 'images/a.png'), join(root, 'images/link.png'));
    await symlink(join(root, 'masks/a.png'), join(root, 'masks/link.png'));
    await symlink(join(root, 'images'), join(root, 'images/cycle'));
    expect((await openDataset(root)).samples.map(({ id }) => id)).toEqual(['a', 'link']);
  });

  it('descends into a single sub-folder', async () => {
    const root = await temporaryFolder();
    await symlink(await soundDataset(1), join(root, 'train'));
    expect((await openDataset(root)).root).toBe(join(root, 'train'));
  });
});

describe('openDataset errors', () => {
  const open = async (root: string) => {
    const error = await errorOf(openDataset(root));
    expect(error).toMatchObject({ name: 'OtxError', code: 'dataset' });
    return error.message.replaceAll(root, 'ROOT');
  };

  it('says what is wrong with the folder', async () => {
    const root = await temporaryFolder();
    expect(await open(root)).toBe(
      'data set folder ROOT is empty; expected images/, masks/ and dataset_meta.json',
    );
    expect(await open(join(root, 'missing'))).toContain('data set folder ROOT does not exist');
    await writeFile(join(root, 'file'), 'x');
    expect(await open(join(root, 'file'))).toContain('data set folder ROOT is not a folder');
    expect(await open(root)).toContain('ROOT is not a data set');
    expect(await open(root)).toContain('found file');
  });

  it('suggests the sub-folders that are data sets', async () => {
    const root = await temporaryFolder();
    await symlink(await soundDataset(1), join(root, 'train'));
    await symlink(await soundDataset(1), join(root, 'val'));
    expect(await open(root)).toContain('did you mean ROOT/train or ROOT/val?');
  });

  it('says when the meta file is in another place or wrong', async () => {
    const root = await temporaryFolder();
    await writeFiles(root, { 'images/a.jpg': await noiseJpeg(6, 6), 'masks/a.png': stripes(6, 6) });
    await writeFiles(root, { 'masks/Dataset_Meta.json': THREE_CLASSES });
    expect(await open(root)).toContain('ROOT/dataset_meta.json is missing');
    expect(await open(root)).toContain('did you mean ROOT/masks/Dataset_Meta.json?');
    await writeFiles(root, { 'meta.json': '{' });
    expect(await open(root)).toContain('ROOT/meta.json: is not valid JSON');
  });

  it('says when there are no images or no masks', async () => {
    const root = await temporaryFolder();
    await writeFiles(root, { 'dataset_meta.json': THREE_CLASSES });
    expect(await open(root)).toContain('ROOT/images does not exist, so there are no images');
    await writeFiles(root, { 'images/a.jpg': await noiseJpeg(6, 6) });
    expect(await open(root)).toContain('ROOT/masks does not exist, so there are no masks for the 1 images');
  });

  it('reports a single problem in one line', async () => {
    const root = await soundDataset(2);
    await writeFiles(root, { 'images/c.png': await rgbPng(noise(4, 4, 1), 4, 4) });
    expect(await open(root)).toBe(
      'ROOT/images/c.png has no mask (expected masks/c.png). Complete, replace or remove the files',
    );
  });

  it('gathers missing partners and files that are no images, at most twenty', async () => {
    const root = await soundDataset(2);
    await writeFiles(root, { 'images/a.png': 'text', 'images/b.png': '', 'masks/only.png': stripes(3, 3) });
    await symlink(join(root, 'gone.png'), join(root, 'images/x.png'));
    await writeFiles(root, { 'masks/x.png': stripes(3, 3) });
    const message = await open(root);
    expect(message).toContain('ROOT: 4 problems');
    expect(message).toContain('ROOT/masks/only.png has no image');
    expect(message).toContain('ROOT/images/a.png cannot be read as an image (not JPEG');
    expect(message).toContain('ROOT/images/b.png is an empty file');
    expect(message).toContain('ROOT/images/x.png does not exist');

    for (let i = 0; i < 19; i++) await writeFiles(root, { [`images/lone${i}.png`]: 'x' });
    const many = await open(root);
    expect(many).toContain('ROOT: 23 problems');
    expect(many).toContain('and 3 more');
    expect(many.split('\n')).toHaveLength(22);
  });
});
