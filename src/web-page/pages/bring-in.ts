/** @file Pictures for the tab: photographs, data sets as folders or zip files, and generated ones. */

import { defaultPalette } from '../../data/masks/palette.js';
import { LOOKS, type LookName } from '../../demo/looks.js';
import { type DroppedFile, isHidden, unpacked } from '../../page-parts/files.js';
import { openFolder } from '../../web-training/dataset.js';
import { isCheckpoint, takeCheckpoint } from './checkpoint.js';
import { breathe, change, now } from './store.js';
import type { PagePicture, Use } from './types.js';

const THUMBNAIL = 160;
/** Photographs are made as small as this: larger ones are of no use to networks of this size, and fill the memory. */
export const MOST_SIDE = 1024;
const PICTURES = /\.(png|jpe?g|webp|bmp|gif|avif)$/i;
const META = 'dataset_meta.json';

/** As training decodes them. */
const AS_STORED = {
  imageOrientation: 'from-image',
  colorSpaceConversion: 'none',
  premultiplyAlpha: 'none',
} as const;

/** @throws Error naming a file that the browser cannot decode. */
export function decode(image: Blob, name: string): Promise<ImageBitmap> {
  return createImageBitmap(image, AS_STORED).catch(() => {
    throw new Error(`${name}: this browser cannot decode it; save it as JPEG or PNG`);
  });
}

/**
 * Takes what was dropped or chosen: a data set in the place of all pictures, photographs beside those that are there, and a checkpoint
 * to go on with.
 */
export async function bringIn(given: readonly DroppedFile[]): Promise<void> {
  const files: DroppedFile[] = [];
  for (const file of given) files.push(...(await unpacked(file)));
  const seen = files.filter(({ path }) => !isHidden(path));
  const checkpoints = seen.filter(isCheckpoint);
  if (checkpoints.length > 0) await takeCheckpoint(checkpoints);
  if (seen.some(({ path }) => path.split('/').at(-1) === META)) await openDataset(seen);
  else if (checkpoints.length < seen.length || seen.length === 0) await addPhotographs(seen);
}

interface NewPicture {
  readonly id: string;
  readonly extension: string;
  readonly image: Blob;
  readonly mask?: Uint8Array | Blob;
  readonly use: Use;
}

let nextKey = 0;

async function toPicture({ image, mask, ...picture }: NewPicture): Promise<PagePicture> {
  const bitmap = await decode(image, picture.id);
  const { width, height } = bitmap;
  const scale = Math.min(1, THUMBNAIL / Math.max(width, height));
  const thumbnail = document.createElement('canvas');
  thumbnail.width = Math.max(1, Math.round(width * scale));
  thumbnail.height = Math.max(1, Math.round(height * scale));
  thumbnail.getContext('2d')!.drawImage(bitmap, 0, 0, thumbnail.width, thumbnail.height);
  bitmap.close();
  return { ...picture, key: nextKey++, width, height, image, mask, thumbnail, revision: 0 };
}

const extensionOf = (path: string): string => /\.[^./]*$/.exec(path)?.[0] ?? '';

async function openDataset(files: readonly DroppedFile[]): Promise<void> {
  const data = await openFolder(files.map(({ path, content }) => ({ path, file: content })));
  const names = new Map(files.map(({ path, content }) => [content, path]));
  const pictures: PagePicture[] = [];
  const parts = [
    ['train', data.train],
    ['val', data.validation],
  ] as const;
  for (const [use, some] of parts) {
    for (const { id, image, mask } of some) {
      const file = image as Blob;
      pictures.push(
        await toPicture({ id, extension: extensionOf(names.get(file) ?? ''), image: file, mask, use }),
      );
      change({ busy: `opening the data set: ${pictures.length} pictures` });
    }
  }
  const notices = [...(data.notices ?? [])];
  change({ classes: data.classes, coding: data.coding, pictures, notices });
}

/** @throws Error where there is no picture among them. */
async function addPhotographs(files: readonly DroppedFile[]): Promise<void> {
  const photographs = files.filter(({ path }) => PICTURES.test(path));
  if (photographs.length === 0) {
    throw new Error('there is no picture among these files; expected JPEG, PNG, WebP, BMP, GIF or AVIF');
  }
  const taken = new Set(now().pictures.map(({ id }) => id));
  let smaller = 0;
  for (const [at, { path, content }] of photographs.entries()) {
    change({ busy: `opening photographs: ${at + 1} of ${photographs.length}` });
    const { image, isSmaller } = await asPng(content, path);
    if (isSmaller) smaller += 1;
    const stem = path
      .split('/')
      .at(-1)!
      .replace(/\.[^.]*$/, '');
    let id = stem;
    for (let count = 2; taken.has(id); count++) id = `${stem}-${count}`;
    taken.add(id);
    const picture = await toPicture({ id, extension: '.png', image, use: 'train' });
    change({ pictures: [...now().pictures, picture] });
  }
  const notice = `${smaller} photographs were made smaller, to ${MOST_SIDE} pixels`;
  change({ notices: smaller > 0 ? [notice] : [] });
}

/** Decoded once, and kept without loss: so this tab and programs that read what it gives away see the same pixels. */
async function asPng(
  file: Blob,
  name: string,
): Promise<{ readonly image: Blob; readonly isSmaller: boolean }> {
  const bitmap = await decode(file, name);
  const scale = Math.min(1, MOST_SIDE / Math.max(bitmap.width, bitmap.height));
  const [width, height] = [bitmap.width, bitmap.height].map((side) => Math.max(1, Math.round(side * scale)));
  const canvas = new OffscreenCanvas(width!, height!);
  const context = canvas.getContext('2d', { alpha: false })!;
  context.imageSmoothingQuality = 'high';
  context.drawImage(bitmap, 0, 0, width!, height!);
  bitmap.close();
  return { image: await canvas.convertToBlob({ type: 'image/png' }), isSmaller: scale < 1 };
}

const GENERATED = { train: 24, val: 8 };
const SCENE = { width: 160, height: 128 };

/** Draws pictures with their masks, in the place of all others. */
export async function generate(name: LookName): Promise<void> {
  const look = LOOKS[name];
  const palette = defaultPalette(look.classes.length);
  const classes = look.classes.map((each, index) => ({ name: each, color: palette[index]! }));
  const pictures: PagePicture[] = [];
  for (const use of ['train', 'val'] as const) {
    for (let count = 1; count <= GENERATED[use]; count++) {
      const id = `${look.pictureName}-${use}-${String(count).padStart(4, '0')}`;
      const { image, mask } = look.draw(`1:${use}:${id}`, SCENE.width, SCENE.height);
      pictures.push(await toPicture({ id, extension: '.png', image: await encode(image), mask, use }));
      change({ busy: `drawing pictures: ${pictures.length} of ${GENERATED.train + GENERATED.val}` });
      await breathe();
    }
  }
  change({ classes, coding: undefined, pictures, notices: [] });
}

async function encode(rgb: Uint8Array): Promise<Blob> {
  const canvas = new OffscreenCanvas(SCENE.width, SCENE.height);
  const context = canvas.getContext('2d', { alpha: false })!;
  const pixels = context.createImageData(SCENE.width, SCENE.height);
  for (let from = 0, to = 0; from < rgb.length; from += 3, to += 4) {
    pixels.data.set(rgb.subarray(from, from + 3), to);
    pixels.data[to + 3] = 255;
  }
  context.putImageData(pixels, 0, 0);
  return canvas.convertToBlob({ type: 'image/png' });
}
