/** @file Cityscapes: leftImg8bit/ and gtFine/ with masks of label ids or training ids, or polygons; and KITTI semantic. */
import { join } from 'node:path';
import { z } from 'zod';
import { OtxError } from '../../base/errors.js';
import { uniqueByStem } from '../datasets/pairing.js';
import type { ImageFile } from '../images/image-files.js';
import { IGNORE_INDEX } from '../types.js';
import { CITYSCAPES_CLASSES, classOfPolygon, LABEL_IDS, TRAIN_IDS } from './cityscapes-labels.js';
import { Collected } from './collected.js';
import type { Folder } from './folder.js';
import { type DatasetFormat, type Item, type OpenedItems, WHOLE } from './format.js';
import { SHAPES_CODING } from './label-table.js';
import { polygon, ringOfPairs } from './shapes/parse-shapes.js';
import type { Shape } from './shapes/shape.js';

const IMAGES = 'leftImg8bit';
const TRUTHS = ['gtFine', 'gtCoarse'];

const polygonsFile = z.looseObject({
  imgHeight: z.number(),
  imgWidth: z.number(),
  objects: z.array(
    z.looseObject({ label: z.string(), polygon: z.unknown().optional(), deleted: z.unknown().optional() }),
  ),
});

export const cityscapes: DatasetFormat = {
  name: 'cityscapes',
  title: 'Cityscapes',
  looksFor:
    'leftImg8bit/train/CITY/*_leftImg8bit.png and gtFine/train/CITY/*_gtFine_labelIds.png (or polygons)',
  async detect(folder) {
    return (await folder.hasFolder(IMAGES)) && (await truthOf(folder)) !== undefined;
  },
  async subsets(folder) {
    const truth = (await truthOf(folder))!;
    const names = await folder.folders(truth);
    // What is to be tested on elsewhere has masks that say nothing.
    const known = names.filter((name) => name !== 'test');
    return known.length > 0 ? known : [WHOLE];
  },
  async open(folder, subset) {
    const truth = (await truthOf(folder))!;
    const images = await folder.images(join(IMAGES, subset));
    const kinds = ['labelTrainIds.png', 'labelIds.png', 'polygons.json'];
    for (const kind of kinds) {
      const found = await itemsOf(folder, { truth, subset, kind, images });
      if (found.items.length > 0) return found;
    }
    const expected = `${truth}/${subset}/CITY/*_${truth}_labelIds.png`;
    throw new OtxError(
      'dataset',
      `${folder.path}: has no masks for the images of ${subset}; expected ${expected}`,
    );
  },
};

async function truthOf(folder: Folder): Promise<string | undefined> {
  for (const name of TRUTHS) if (await folder.hasFolder(name)) return name;
  return undefined;
}

interface Part {
  readonly truth: string;
  readonly subset: string;
  readonly kind: string;
  readonly images: readonly ImageFile[];
}

async function itemsOf(folder: Folder, { truth, subset, kind, images }: Part): Promise<OpenedItems> {
  const collected = new Collected();
  const missing: string[] = [];
  const items: Item[] = [];
  for (const image of images) {
    const stem = image.relative.replace(/(_leftImg8bit)?\.[^.]*$/, '');
    const name = `${truth}/${subset}/${stem}_${truth}_${kind}`;
    const path = join(folder.path, name);
    const base = { id: stem.normalize('NFC'), imagePath: image.path, maskPath: path };
    if (!(await folder.hasFile(name))) missing.push(`${image.path} has no mask (expected ${name})`);
    else if (!kind.endsWith('.json')) items.push(base);
    else items.push({ ...base, ...(await polygonsOf(folder, name, collected)) });
  }
  const values = kind.startsWith('labelTrainIds') ? TRAIN_IDS : LABEL_IDS;
  return {
    classes: CITYSCAPES_CLASSES,
    coding: kind.endsWith('.json') ? SHAPES_CODING : { ...SHAPES_CODING, values },
    items,
    problems: [...missing, ...collected.problems],
    notices: [`masks are read from the files ${kind}`, ...collected.notices()],
  };
}

async function polygonsOf(
  folder: Folder,
  name: string,
  collected: Collected,
): Promise<Pick<Item, 'shapes' | 'declared'>> {
  const path = join(folder.path, name);
  const parsed = polygonsFile.safeParse(await folder.json(name, 'polygons of Cityscapes in JSON'));
  if (!parsed.success) {
    collected.problems.push(
      `${path}: ${parsed.error.issues[0]?.path.join('.')} is wrong: ${parsed.error.issues[0]?.message}`,
    );
    return {};
  }
  const { imgHeight: height, imgWidth: width, objects } = parsed.data;
  const shapes = objects.flatMap(({ label, polygon: corners, deleted }, i): Shape[] => {
    if (deleted) return [];
    const classIndex = classOfPolygon(label);
    const where = `${path}: object ${i} (${label})`;
    if (classIndex === undefined) {
      collected.problems.push(`${where} has a label that Cityscapes does not have`);
      return [];
    }
    return collected.shape(where, () => polygon([ringOfPairs(corners)], classIndex));
  });
  return { shapes: { shapes, ground: IGNORE_INDEX }, declared: { width, height } };
}

export const kitti: DatasetFormat = {
  name: 'kitti',
  title: 'KITTI semantic',
  looksFor: 'training/image_2/*.png and training/semantic/*.png',
  async detect(folder) {
    return (await folder.hasFolder('training/image_2')) && (await folder.hasFolder('training/semantic'));
  },
  // The images to test on have no masks.
  subsets: async () => [WHOLE],
  async open(folder) {
    const images = await folder.images('training/image_2');
    const twice: string[] = [];
    const masks = uniqueByStem(await folder.images('training/semantic'), twice);
    const paired = images.flatMap(({ stem, path }) => {
      const mask = masks.get(stem)?.path;
      return mask === undefined ? [] : [{ id: stem, imagePath: path, maskPath: mask }];
    });
    const missing = images
      .filter(({ stem }) => !masks.has(stem))
      .map(({ path, stem }) => `${path} has no mask (expected training/semantic/${stem}.png)`);
    const coding = { ...SHAPES_CODING, values: LABEL_IDS };
    return {
      classes: CITYSCAPES_CLASSES,
      coding,
      items: paired,
      problems: [...missing, ...twice],
      notices: [],
    };
  },
};
