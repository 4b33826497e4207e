import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../base/random.js';
import { generateScene, generateScenes } from './generate.js';
import { drawScene, SCENE_CLASSES } from './streets/scene.js';

const small = { train: 3, val: 2, unlabeled: 1, width: 64, height: 48, seed: 7 } as const;
const sha = (...parts: Uint8Array[]) =>
  parts
    .reduce((hash, part) => hash.update(part), createHash('sha256'))
    .digest('hex')
    .slice(0, 16);

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-scenes-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('generateScene', () => {
  it('gives the same picture for the same key', () => {
    const { image, mask } = generateScene('1:train:scene-0001', 80, 64);
    // Fixed values hold the picture across versions and machines; light is not pinned to the bit, since the last digit
    // of a power may differ between JavaScript engines.
    expect(sha(mask)).toBe('bc055cadabc7d36c');
    expect(image.reduce((sum, value) => sum + value, 0) / image.length).toBeCloseTo(98.17, 1);
    const again = generateScene('1:train:scene-0001', 80, 64);
    expect(sha(again.image, again.mask)).toBe(sha(image, mask));
    const other = generateScene('2:train:scene-0001', 80, 64);
    expect(sha(other.image, other.mask)).not.toBe(sha(image, mask));
  });

  it('shows every class often enough to learn it, and none by itself', () => {
    const pictures = Array.from({ length: 12 }, (_, i) => generateScene(`share:${i}`, 80, 64).mask);
    const pixels = new Float64Array(SCENE_CLASSES.length);
    for (const mask of pictures) for (const label of mask) pixels[label]! += 1;
    for (const count of pixels) expect(count / (12 * 80 * 64)).toBeGreaterThan(0.012);
    for (const count of pixels) expect(count / (12 * 80 * 64)).toBeLessThan(0.6);
  });

  it('uses the whole range of brightness without drowning in black or white', () => {
    const { image } = generateScene('range', 160, 128);
    const mean = image.reduce((sum, value) => sum + value, 0) / image.length;
    expect(mean).toBeGreaterThan(50);
    expect(mean).toBeLessThan(220);
    expect(image.filter((value) => value === 0 || value === 255).length / image.length).toBeLessThan(0.2);
  });
});

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
    await expect(generateScenes(join(folder, 'new'), { train: 0 })).rejects.toMatchObject({ code: 'usage' });
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
