/** @file nnU-Net raw data of pictures: dataset.json, imagesTr/CASE_0000.png and labelsTr/CASE.png. */
import { join } from 'node:path';
import { z } from 'zod';
import { OtxError } from '../../base/errors.js';
import { uniqueByStem } from '../datasets/pairing.js';
import type { ImageFile } from '../images/image-files.js';
import { IGNORE_INDEX } from '../types.js';
import type { Folder } from './folder.js';
import { type DatasetFormat, type Item, WHOLE } from './format.js';
import { labelTable, valuesCoding } from './label-table.js';

const META = 'dataset.json';
const metaSchema = z.looseObject({
  labels: z.record(z.string(), z.union([z.number(), z.string(), z.array(z.unknown())])),
  file_ending: z.string().optional(),
});
const FIRST_CHANNEL = '_0000';
/** Parts by their folders; images to test on have masks rarely. */
const PARTS = ['Tr', 'Ts'];

export const nnunet: DatasetFormat = {
  name: 'nnunet',
  title: 'nnU-Net raw data',
  looksFor: 'dataset.json with "labels", imagesTr/ and labelsTr/',
  async detect(folder) {
    return (
      (await folder.hasFile(META)) &&
      (await folder.hasFolder('imagesTr')) &&
      (await folder.hasFolder('labelsTr'))
    );
  },
  async subsets(folder) {
    const found: string[] = [];
    for (const part of PARTS) if ((await folder.images(`labels${part}`)).length > 0) found.push(part);
    return found.length > 1 ? found : [WHOLE];
  },
  async open(folder, named) {
    const subset = named === WHOLE ? 'Tr' : named;
    const { labels, file_ending = '' } = await metaOf(folder);
    const path = join(folder.path, META);
    const images = await folder.images(`images${subset}`);
    const masks = await folder.images(`labels${subset}`);
    if (masks.length === 0) {
      throw new OtxError(
        'dataset',
        `${path}: labels${subset}/ holds no pictures${file_ending ? ` (file_ending is ${file_ending})` : ''}; pictures are read as ` +
          'PNG or TIFF, volumes are not',
      );
    }
    const { classes, indexOf } = labelTable(
      labels.map(({ name }) => ({ name })),
      path,
    );
    const coding = valuesCoding(
      labels.map(({ name, value }) => [value, name === 'ignore' ? IGNORE_INDEX : indexOf.get(name)!]),
      path,
    );
    return { classes, coding, ...pair(images, masks), notices: [] };
  },
};

/** Numbers of names, as the second version has them, or names of numbers, as the first had. */
async function metaOf(
  folder: Folder,
): Promise<{ labels: readonly { name: string; value: number }[]; file_ending: string | undefined }> {
  const path = join(folder.path, META);
  const parsed = metaSchema.safeParse(await folder.json(META, 'dataset.json of nnU-Net'));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new OtxError('dataset', `${path}: ${issue?.path.join('.')} is wrong: ${issue?.message}`);
  }
  const labels = Object.entries(parsed.data.labels).map(([key, given]) => {
    if (Array.isArray(given)) {
      throw new OtxError(
        'dataset',
        `${path}: label ${key} is a region of several values; regions are not read`,
      );
    }
    const [name, value] = typeof given === 'number' ? [key, given] : [given, Number(key)];
    if (Number.isInteger(value) && value >= 0 && value < 256) return { name, value };
    throw new OtxError('dataset', `${path}: label ${key} has the value ${given}; expected 0 to 255`);
  });
  return { labels: labels.sort((a, b) => a.value - b.value), file_ending: parsed.data.file_ending };
}

type Found = readonly ImageFile[];

function pair(images: Found, masks: Found): { items: Item[]; problems: string[] } {
  const problems: string[] = [];
  const maskOf = uniqueByStem(masks, problems);
  const items: Item[] = [];
  for (const { stem, path } of images) {
    const id = stem.endsWith(FIRST_CHANNEL) ? stem.slice(0, -FIRST_CHANNEL.length) : undefined;
    const mask = id === undefined ? undefined : maskOf.get(id)?.path;
    if (id === undefined) {
      problems.push(
        `${path} is not called CASE${FIRST_CHANNEL}; pictures of several channels in files of their own are not read`,
      );
    } else if (mask === undefined) problems.push(`${path} has no mask (expected ${id}.png)`);
    else items.push({ id, imagePath: path, maskPath: mask });
  }
  return { items, problems };
}
