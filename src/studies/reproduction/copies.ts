/** @file The user's own copies of the data sets that the tables are of, found by their content. */

import { stat } from 'node:fs/promises';
import { extname, join, resolve } from 'node:path';
import { OtxError } from '../../base/errors.js';
import { listSome } from '../../base/text.js';
import { uniqueByStem } from '../../data/datasets/pairing.js';
import { cityscapes, kitti } from '../../data/formats/cityscapes.js';
import { Folder } from '../../data/formats/folder.js';
import { readLabels } from '../../data/formats/read-labels.js';
import { voc } from '../../data/formats/voc.js';
import { findImages, openDataset, readImage } from '../../data/index.js';
import type { LabelMask } from '../../data/types.js';

/** Data sets that the tables are of. */
export const SOURCES = ['DIS5K', 'Cityscapes', 'VOC', 'KITTI'] as const;
/** One of them. */
export type SourceName = (typeof SOURCES)[number];

/** What a copy is known by, for who has none. */
export const LOOKS_FOR: Readonly<Record<SourceName, string>> = {
  DIS5K: 'DIS-TR/im, DIS-TR/gt, DIS-VD/im and DIS-VD/gt',
  Cityscapes: 'leftImg8bit/train, gtFine/train and the same of val',
  VOC: 'JPEGImages, SegmentationClass and ImageSets/Segmentation/train.txt with names such as 2007_000032',
  KITTI: 'training/image_2 and training/semantic',
};

/** Folders within folders. */
const DEEPEST = 4;
const MOST_FOLDERS = 5000;

const hasAll = async (folder: Folder, ...names: string[]): Promise<boolean> =>
  (await Promise.all(names.map((name) => folder.hasFolder(name)))).every(Boolean);

const isCopy: Readonly<Record<SourceName, (folder: Folder) => Promise<boolean>>> = {
  DIS5K: (folder) => hasAll(folder, 'DIS-TR/im', 'DIS-TR/gt', 'DIS-VD/im', 'DIS-VD/gt'),
  Cityscapes: async (folder) =>
    (await cityscapes.detect(folder)) &&
    (await hasAll(folder, 'leftImg8bit/train', 'gtFine/train', 'leftImg8bit/val', 'gtFine/val')),
  // Earlier years have the same layout: those before 2008 name pictures by six digits.
  VOC: async (folder) =>
    (await voc.detect(folder)) &&
    (await folder.says('ImageSets/Segmentation/train.txt', [/^20\d\d_\d{6}\b/m])) &&
    (await folder.hasFile('ImageSets/Segmentation/val.txt')),
  KITTI: (folder) => kitti.detect(folder),
};

/** Paths by name; of several copies the first in the order of their paths. */
export type Copies = ReadonlyMap<SourceName, string>;

/**
 * Looks for copies in a folder and in those below it, four deep.
 *
 * @throws OtxError `dataset` for a folder that is not there.
 */
export async function findCopies(root: string): Promise<Copies> {
  if (!(await stat(root).catch(() => undefined))?.isDirectory()) {
    throw new OtxError(
      'dataset',
      `${root}: no such folder; expected one with copies of ${SOURCES.join(', ')}`,
    );
  }
  const found = new Map<SourceName, string>();
  let level = [new Folder(resolve(root))];
  let seen = 0;
  for (let depth = 0; depth <= DEEPEST && level.length > 0; depth++) {
    const next: Folder[] = [];
    for (const folder of level) {
      seen += 1;
      if (seen > MOST_FOLDERS || found.size === SOURCES.length) return found;
      const name = await sourceOf(folder);
      if (name === undefined) next.push(...(await folder.folders()).map((below) => folder.at(below)));
      else if (!found.has(name)) found.set(name, folder.path);
    }
    level = next;
  }
  return found;
}

async function sourceOf(folder: Folder): Promise<SourceName | undefined> {
  for (const name of SOURCES) if (await isCopy[name](folder)) return name;
  return undefined;
}

/** An image of a copy. */
export interface SourceImage {
  /** Path below the images without ending, with forward slashes. */
  readonly id: string;
  /** Absolute. */
  readonly path: string;
  /** Ending of the file, with the dot. */
  readonly ending: string;
  /** Index of the class of each pixel, 255 where it is not known. */
  readonly labels: () => Promise<LabelMask>;
}

/** A part of a copy. */
export interface SourcePart {
  /** Background first. */
  readonly classes: readonly string[];
  /** In the order of their ids. */
  readonly images: readonly SourceImage[];
}

/** Opens a part of a copy; KITTI has labels for one alone. @throws OtxError `dataset` */
export async function openPart(
  name: SourceName,
  path: string,
  part: 'train' | 'val',
  signal?: AbortSignal,
): Promise<SourcePart> {
  if (name === 'DIS5K') return openDis(join(path, part === 'train' ? 'DIS-TR' : 'DIS-VD'));
  const format = { Cityscapes: 'cityscapes', VOC: 'voc', KITTI: 'kitti' }[name];
  const dataset = await openDataset(path, { format, ...(name === 'KITTI' ? {} : { subset: part }), signal });
  return {
    classes: dataset.classes.map((one) => one.name),
    images: dataset.samples.map((sample) => ({
      id: sample.id,
      path: resolve(sample.imagePath),
      ending: extname(sample.imagePath),
      labels: () => readLabels(sample, dataset.decodeMask),
    })),
  };
}

/** Masks of DIS5K are shades of gray, of which the brighter half is the object. */
const HALF = 128;

async function openDis(path: string): Promise<SourcePart> {
  const [images, masks] = await Promise.all(['im', 'gt'].map((name) => findImages(join(path, name))));
  const problems: string[] = [];
  const maskOf = uniqueByStem(masks!, problems);
  const found = images!.flatMap((image): SourceImage[] => {
    const mask = maskOf.get(image.stem);
    if (!mask) problems.push(`${image.path} has no mask`);
    const ending = extname(image.relative);
    const labels = async (): Promise<LabelMask> => {
      const { data, width, height } = await readImage(mask!.path);
      return {
        data: Uint8Array.from({ length: width * height }, (_, at) => +(data[3 * at]! >= HALF)),
        width,
        height,
      };
    };
    return mask ? [{ id: image.stem, path: resolve(image.path), ending, labels }] : [];
  });
  if (problems.length > 0 || found.length === 0) {
    throw new OtxError(
      'dataset',
      `${path}: ${problems.length > 0 ? listSome(problems) : 'has no images'}; expected im/*.jpg with gt/*.png of the same names`,
    );
  }
  return { classes: ['background', 'object'], images: found };
}

/** Pictures of KITTI without labels; none where the copy lacks them. */
export async function unlabeledOfKitti(path: string): Promise<readonly Omit<SourceImage, 'labels'>[]> {
  const images = await findImages(join(path, 'testing', 'image_2'));
  return images.map(({ stem, path: file }) => ({ id: stem, path: resolve(file), ending: extname(file) }));
}
