import { readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MANIFEST_FILE } from '../../base/outputs/manifest.js';
import { Outputs } from '../../base/outputs/outputs.js';
import {
  errorOf,
  indexMask,
  noiseJpeg,
  rgbPng,
  temporaryFolder,
  writeFiles,
} from '../datasets/fixtures.cases.js';
import { openImageFolder } from '../datasets/image-folder.js';
import { readImage } from '../images/read-image.js';
import { acquirePool, type DataPool } from '../loaders/pool.js';
import { PSEUDO_MASK_SETTINGS, segmentImage } from './felzenszwalb.js';
import { readSegmentedImage } from './make-pseudo-mask.js';
import { ensurePseudoMasks } from './pseudo-masks.js';

let pool: DataPool;
beforeAll(() => {
  pool = acquirePool(2);
});
afterAll(() => pool.release());

/** Two areas of 1500 pixels each. */
const picture = (left: number, right: number) => {
  const [width, height] = [60, 50];
  const rgb = Array.from({ length: 3 * width * height }, (_, i) =>
    Math.floor(i / 3) % width < 30 ? left : right,
  );
  return rgbPng(rgb, width, height);
};

/** What is stored in a mask. */
async function readPseudoMask(path: string) {
  const { data, info } = await sharp(path).toColourspace('b-w').raw().toBuffer({ resolveWithObject: true });
  return { data: new Uint8Array(data), width: info.width, height: info.height };
}

async function folders() {
  const root = await temporaryFolder();
  await writeFiles(root, { 'a.png': await picture(10, 240), 'sub/a.jpg': await noiseJpeg(40, 30) });
  return { root, masks: join(await temporaryFolder(), 'detcon_mask') };
}

describe.each([0, 2])('ensurePseudoMasks with %i workers', (workers) => {
  it('makes a mask for every image under its path, and tells how far it is', async () => {
    const { root, masks } = await folders();
    const images = await openImageFolder(root);
    const steps: string[] = [];
    const result = await ensurePseudoMasks(images, await Outputs.open({ root: masks }), {
      workers,
      onProgress: (done, total) => steps.push(`${done}/${total}`),
    });
    expect(result).toMatchObject({ made: 2, reused: 0, warnings: [] });
    expect(result.paths).toEqual([join(masks, 'a.png'), join(masks, 'sub', 'a.png')]);
    expect(steps).toEqual(['1/2', '2/2']);
    for (const [i, { imagePath }] of images.images.entries()) {
      const image = await readImage(imagePath);
      const { ids } = segmentImage(image.data, image, PSEUDO_MASK_SETTINGS);
      const mask = await readPseudoMask(result.paths[i]!);
      expect(mask).toEqual({ data: Uint8Array.from(ids), width: image.width, height: image.height });
    }
    expect(new Set((await readPseudoMask(result.paths[0]!)).data)).toEqual(new Set([0, 1]));
    expect((await sharp(result.paths[0]!).metadata()).channels).toBe(1);
  });
});

describe('ensurePseudoMasks', () => {
  const ensure = async (root: string, masks: string) =>
    ensurePseudoMasks(await openImageFolder(root), await Outputs.open({ root: masks }), { workers: 2 });

  it('uses masks again that fit, without touching them, and leaves the images alone', async () => {
    const { root, masks } = await folders();
    const before = await stat(join(root, 'a.png'));
    const { paths } = await ensure(root, masks);
    await utimes(paths[0]!, 1, 1);
    expect(await ensure(root, masks)).toMatchObject({ made: 0, reused: 2 });
    expect((await stat(paths[0]!)).mtimeMs).toBe(1000);
    expect((await readdir(root)).sort()).toEqual(['a.png', 'sub']);
    expect((await stat(join(root, 'a.png'))).mtimeMs).toBe(before.mtimeMs);
  });

  it('makes a mask anew that is missing', async () => {
    const { root, masks } = await folders();
    const { paths } = await ensure(root, masks);
    const whole = await readFile(paths[0]!);
    await rm(paths[0]!);
    expect(await ensure(root, masks)).toMatchObject({ made: 1, reused: 1 });
    expect(await readFile(paths[0]!)).toEqual(whole);
  });

  it('makes a mask anew that was made with other settings', async () => {
    const { root, masks } = await folders();
    const { paths } = await ensure(root, masks);
    const whole = await readFile(paths[0]!);
    const text = whole.toString('latin1').replace('scale=1000', 'scale=2000');
    await (await Outputs.open({ root: masks })).write('a.png', Buffer.from(text, 'latin1'));
    expect(await ensure(root, masks)).toMatchObject({ made: 1, reused: 1 });
    expect(await readFile(paths[0]!)).toEqual(whole);
  });

  it.each<[string, (mask: Buffer) => Promise<Buffer | string>]>([
    ['cut off', async (mask) => mask.subarray(0, -20)],
    ['no image', async () => 'hello'],
    ['of another size', async () => indexMask(new Array(20).fill(0), 5, 4)],
    ['a photograph', () => picture(10, 240)],
    [
      'a mask of another image',
      async (mask) => Buffer.from(mask.toString('latin1').replace('image=', 'image=0'), 'latin1'),
    ],
  ])('leaves a file of the user’s that is %s, and says that it is in the way', async (_, content) => {
    const { root, masks } = await folders();
    const { paths } = await ensure(root, masks);
    const own = await content(await readFile(paths[0]!));
    await writeFile(paths[0]!, own);
    for (const manifest of ['there', 'gone']) {
      if (manifest === 'gone') await rm(join(masks, MANIFEST_FILE));
      expect(await errorOf(ensure(root, masks))).toMatchObject({
        code: 'output',
        message: expect.stringMatching(/a\.png: was not written by otx, or has been changed since/),
      });
      expect(await readFile(paths[0]!)).toEqual(Buffer.from(own as string));
    }
  });

  it('makes the mask of an image anew that was replaced by another of the same size', async () => {
    const { root, masks } = await folders();
    const { paths } = await ensure(root, masks);
    await writeFile(join(root, 'a.png'), await picture(100, 100));
    expect(await ensure(root, masks)).toMatchObject({ made: 1, reused: 1 });
    expect(new Set((await readPseudoMask(paths[0]!)).data)).toEqual(new Set([0]));
  });

  it('uses gray masks of the right size from elsewhere', async () => {
    const { root, masks } = await folders();
    const own = indexMask(
      Array.from({ length: 3000 }, (_, i) => i % 7),
      60,
      50,
    );
    await writeFiles(masks, { 'a.png': own });
    expect(await ensure(root, masks)).toMatchObject({ made: 1, reused: 1 });
    expect(await readFile(join(masks, 'a.png'))).toEqual(own);
  });

  it('uses the ids of a mask of 16 bits modulo 256', async () => {
    const { root, masks } = await folders();
    const ids = Uint16Array.from({ length: 3000 }, (_, i) => i % 300);
    const raw = { width: 60, height: 50, channels: 1 } as const;
    const deep = await sharp(ids, { raw }).toColourspace('grey16').png().toBuffer();
    await writeFiles(masks, { 'a.png': deep });
    expect(await ensure(root, masks)).toMatchObject({ made: 1, reused: 1 });
    expect(await readFile(join(masks, 'a.png'))).toEqual(deep);
    const { mask } = await readSegmentedImage({
      imagePath: join(root, 'a.png'),
      maskPath: join(masks, 'a.png'),
    });
    expect(mask).toEqual(Uint8Array.from(ids));
  });

  it('names every damaged image in one error', async () => {
    const { root, masks } = await folders();
    const jpeg = await noiseJpeg(64, 64);
    await writeFiles(root, {
      'cut.jpg': jpeg.subarray(0, jpeg.length / 2),
      'sub/cut.jpg': jpeg.subarray(0, 900),
    });
    const { message } = await errorOf(ensure(root, masks));
    expect(message).toMatch(/2 problems/);
    expect(message).toContain(`${join(root, 'cut.jpg')} cannot be read as an image`);
    expect(message).toContain(join(root, 'sub', 'cut.jpg'));
  });

  it('says where it cannot write', async () => {
    const { root, masks } = await folders();
    await writeFile(masks, 'a file in the way');
    expect(await errorOf(ensure(root, masks))).toMatchObject({
      code: 'output',
      message: expect.stringContaining(masks),
    });
  });

  it('stops when asked to, and goes on from there', async () => {
    const { root, masks } = await folders();
    const images = await openImageFolder(root);
    const options = { workers: 2, signal: AbortSignal.abort() };
    expect(
      await errorOf(ensurePseudoMasks(images, await Outputs.open({ root: masks }), options)),
    ).toMatchObject({ code: 'aborted' });
    expect((await ensure(root, masks)).paths).toHaveLength(2);
  });
});
