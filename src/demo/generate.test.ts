import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../base/random.js';
import { openDataset, readMask } from '../data/index.js';
import { generateScene, generateScenes } from './generate.js';
import { LOOKS, type LookName } from './looks.js';
import { drawScene, SCENE_CLASSES } from './streets/scene.js';

const small = { train: 3, val: 2, unlabeled: 1, width: 64, height: 48, seed: 7 } as const;
let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-scenes-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('drawScene', () => {
  it('keeps every solid inside the bound of its object, which culling relies on', () => {
    for (let seed = 0; seed < 40; seed++) {
      for (const { bound, shapes } of drawScene(new Random(seed)).objects) {
        for (const s of shapes) {
          const top = s.kind === 'sphere' ? s.y + s.a : s.y + s.b;
          const away = Math.hypot(s.x - bound.x, top - bound.y, s.z - bound.z);
          expect(away).toBeLessThanOrEqual(bound.radius + 1e-9);
        }
      }
    }
  });
});

describe('generateScenes', () => {
  it('writes the Common Semantic Segmentation layout', async () => {
    const root = join(folder, 'data');
    const progress: number[] = [];
    await generateScenes(root, { ...small, onProgress: (done, total) => progress.push(done / total) });
    expect(progress).toHaveLength(6);
    expect(progress.at(-1)).toBe(1);
    for (const [split, count] of [
      ['train', 3],
      ['val', 2],
    ] as const) {
      const meta = JSON.parse(await readFile(join(root, split, 'dataset_meta.json'), 'utf8'));
      expect(Object.values(meta.label_map)).toEqual([...SCENE_CLASSES]);
      expect(meta.segmentation_colors).toHaveLength(SCENE_CLASSES.length);
      const images = await readdir(join(root, split, 'images'));
      const masks = await readdir(join(root, split, 'masks'));
      expect(images).toHaveLength(count);
      expect(masks.map((name) => name.replace('.png', '.jpg'))).toEqual(images);
      for (const name of masks) {
        const key = `7:${split}:${name.replace('.png', '')}`;
        const stored = await sharp(join(root, split, 'masks', name)).metadata();
        expect(stored).toMatchObject({ format: 'png', channels: 1, depth: 'uchar', width: 64, height: 48 });
        const mask = await sharp(join(root, split, 'masks', name))
          .toColourspace('b-w')
          .raw()
          .toBuffer();
        expect(new Uint8Array(mask)).toEqual(generateScene(key, 64, 48).mask);
        const photo = sharp(join(root, split, 'images', name.replace('.png', '.jpg')));
        expect(await photo.metadata()).toMatchObject({ format: 'jpeg', channels: 3, width: 64, height: 48 });
      }
    }
    expect(await readdir(join(root, 'unlabeled'))).toEqual(['scene-0001.jpg']);
  });

  it.each(Object.keys(LOOKS) as LookName[])('writes pictures of %s', async (name) => {
    const { classes, pictureName, draw } = LOOKS[name];
    const root = join(folder, name);
    await generateScenes(root, { ...small, look: name });
    const { samples, classes: read, decodeMask } = await openDataset(join(root, 'train'));
    expect(read.map((info) => info.name)).toEqual([...classes]);
    expect(samples.map(({ imagePath }) => basename(imagePath))).toEqual(
      [1, 2, 3].map((number) => `${pictureName}-000${number}.jpg`),
    );
    const { data } = await readMask(samples[1]!.maskPath, decodeMask);
    expect(new Uint8Array(data)).toEqual(draw(`7:train:${pictureName}-0002`, 64, 48).mask);
    // A folder of one look is not taken for that of another.
    const others = Object.keys(LOOKS).filter((other) => other !== name) as LookName[];
    for (const look of others) {
      await expect(generateScenes(root, { ...small, look })).rejects.toThrow(/not generated with these/);
    }
  });

  it('completes its own folder without touching what is there', async () => {
    const root = join(folder, 'data');
    const kept = join(root, 'train', 'masks', 'scene-0001.png');
    const lost = join(root, 'train', 'images', 'scene-0002.jpg');
    const before = await readFile(lost);
    await writeFile(kept, 'edited by the user');
    await rm(lost);
    await generateScenes(root, small);
    expect(await readFile(kept, 'utf8')).toBe('edited by the user');
    expect((await readFile(lost)).equals(before)).toBe(true);
  });

  it('refuses folders with other content and other options', async () => {
    const foreign = join(folder, 'foreign');
    await mkdir(foreign);
    await writeFile(join(foreign, 'thesis.txt'), 'do not lose');
    await expect(generateScenes(foreign, small)).rejects.toMatchObject({ code: 'output' });
    expect(await readdir(foreign)).toEqual(['thesis.txt']);
    await expect(generateScenes(join(folder, 'data'), { ...small, seed: 8 })).rejects.toThrow(
      /not generated with these options/,
    );
    await expect(generateScenes(join(foreign, 'thesis.txt'), small)).rejects.toMatchObject({
      code: 'output',
    });
    const unknown = { look: 'moon' as LookName };
    for (const wrong of [{ train: 0 }, { seed: Number.NaN }, unknown]) {
      await expect(generateScenes(join(folder, 'new'), wrong)).rejects.toMatchObject({ code: 'usage' });
    }
  });

  it('stops on request and can be completed', async () => {
    const root = join(folder, 'stopped');
    const controller = new AbortController();
    const stop = generateScenes(root, {
      ...small,
      signal: controller.signal,
      onProgress: () => controller.abort(),
    });
    await expect(stop).rejects.toMatchObject({ code: 'aborted' });
    expect(await readdir(join(root, 'train', 'images'))).toEqual(['scene-0001.jpg']);
    await generateScenes(root, small);
    expect(await readdir(join(root, 'val', 'masks'))).toHaveLength(2);
  });
});
