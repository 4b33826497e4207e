/** @file Stand-ins for DIS5K, Cityscapes, Pascal VOC 2012 and KITTI: a few generated pictures in the layout of each. */

import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { vocPalette } from '../../src/data/masks/palette.js';
import { generateScene } from '../../src/demo/generate.js';
import { encodeIndexMask } from '../../src/drawing/index-mask.js';

const SIZE = { width: 64, height: 48 };

/** What the classes of the generated scenes stand for: background, ground, box, ball, tree and cone. */
const AS = {
  // background, background, person, car, bicycle, aeroplane
  voc: [0, 0, 15, 7, 2, 1],
  // sky, road, car, person, vegetation, fence
  cityscapes: [23, 7, 26, 24, 21, 13],
  dis: [0, 0, 255, 255, 0, 255],
} as const;

async function save(path: string, bytes: Uint8Array | string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, bytes);
}

async function saveScene(key: string, image: string, mask: string, as: readonly number[]): Promise<void> {
  const { image: pixels, mask: labels } = generateScene(key, SIZE.width, SIZE.height);
  const raw = sharp(pixels, { raw: { ...SIZE, channels: 3 } });
  await save(image, await (image.endsWith('.jpg') ? raw.jpeg() : raw.png()).toBuffer());
  const values = Uint8Array.from(labels, (label) => as[label]!);
  const gray = sharp(values, { raw: { ...SIZE, channels: 1 } }).toColourspace('b-w');
  const colors = vocPalette(256).map((color) => ({ name: '', color }));
  await save(mask, as === AS.voc ? await encodeIndexMask(values, SIZE, colors) : await gray.png().toBuffer());
}

const numbered = (count: number): string[] =>
  Array.from({ length: count }, (_, at) => String(at).padStart(6, '0'));

/** @param count pictures to learn from of each data set; half as many to validate on. */
export async function writeStandIns(root: string, count: number): Promise<void> {
  const parts = [
    ['train', count],
    ['val', count / 2],
  ] as const;
  for (const [part, images] of parts) {
    const names = numbered(images);
    const voc = join(root, 'archives', 'VOCdevkit', 'VOC2012');
    const ids = names.map((name) => `20${part === 'train' ? '07' : '11'}_${name}`);
    await save(join(voc, 'ImageSets', 'Segmentation', `${part}.txt`), `${ids.join('\n')}\n`);
    for (const id of ids)
      await saveScene(
        `voc${id}`,
        join(voc, 'JPEGImages', `${id}.jpg`),
        join(voc, 'SegmentationClass', `${id}.png`),
        AS.voc,
      );
    const cityscapes = join(root, 'cityscapes');
    for (const name of names) {
      const stem = (kind: string) => join(cityscapes, kind, part, 'bonn', `bonn_${name}_000019_`);
      await saveScene(
        `cityscapes${part}${name}`,
        `${stem('leftImg8bit')}leftImg8bit.png`,
        `${stem('gtFine')}gtFine_labelIds.png`,
        AS.cityscapes,
      );
    }
    const dis = join(root, 'DIS5K', part === 'train' ? 'DIS-TR' : 'DIS-VD');
    for (const name of names)
      await saveScene(
        `dis${part}${name}`,
        join(dis, 'im', `${name}.jpg`),
        join(dis, 'gt', `${name}.png`),
        AS.dis,
      );
  }
  const kitti = join(root, 'kitti', 'data_semantics');
  for (const name of numbered(count)) {
    await saveScene(
      `kitti${name}`,
      join(kitti, 'training', 'image_2', `${name}_10.png`),
      join(kitti, 'training', 'semantic', `${name}_10.png`),
      AS.cityscapes,
    );
    await saveScene(
      `kitti-testing${name}`,
      join(kitti, 'testing', 'image_2', `${name}_10.png`),
      join(root, 'unused', `${name}.png`),
      AS.cityscapes,
    );
  }
}
