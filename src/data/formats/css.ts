/** @file Common Semantic Segmentation: images/, masks/ and dataset_meta.json, in one folder or in one for each subset. */
import { join } from 'node:path';
import { OtxError } from '../../base/errors.js';
import { META_NAMES } from '../../base/outputs/dataset-folder.js';
import { type FileKind, MOST_BYTES, readTextOf } from '../../base/read-file.js';
import { parseMeta } from '../datasets/meta.js';
import { pairByName } from '../datasets/pairing.js';
import { listSome } from '../datasets/problems.js';
import type { Folder } from './folder.js';
import { type DatasetFormat, type OpenedItems, WHOLE } from './format.js';
import { isSupervisely } from './supervisely-meta.js';

const META_KIND: FileKind = {
  code: 'dataset',
  expected: 'the names of the classes in JSON',
  maxBytes: MOST_BYTES.json,
};

/** What the layout consists of, for messages. */
export const LAYOUT = 'images/, masks/ and dataset_meta.json';

export const css: DatasetFormat = {
  name: 'css',
  title: 'Common Semantic Segmentation',
  looksFor: `${LAYOUT}, or folders train/ and val/ of these`,
  async detect(folder) {
    return (await metaOf(folder)) !== undefined || (await subsetFolders(folder)).length > 0;
  },
  async subsets(folder) {
    const below = await subsetFolders(folder);
    return below.length > 0 ? below : [WHOLE];
  },
  async open(folder, subset) {
    const own = subset === WHOLE ? folder : folder.at(subset);
    const meta = await metaOf(own);
    const above = meta === undefined ? await metaOf(folder) : undefined;
    const metaPath = meta === undefined ? join(folder.path, above!) : join(own.path, meta);
    return openLayout(own, metaPath);
  },
};

/** Folders of one data set, which are none themselves. */
const PARTS = ['images', 'masks'];

/** Name of the meta file that is there. */
async function metaOf(folder: Folder): Promise<string | undefined> {
  const names = await folder.names();
  for (const name of META_NAMES) {
    if (names.includes(name) && !(name === META_NAMES[1] && (await isSupervisely(folder)))) return name;
  }
  return undefined;
}

/** Folders with a meta file; below a folder with one, those with images and masks where it has none itself. */
async function subsetFolders(folder: Folder): Promise<readonly string[]> {
  const hasMeta = (await metaOf(folder)) !== undefined;
  const names = await folder.names();
  if (hasMeta && PARTS.some((part) => names.includes(part))) return [];
  const found: string[] = [];
  for (const name of (await folder.folders()).filter((name) => !PARTS.includes(name))) {
    const below = folder.at(name);
    const isOne = hasMeta
      ? (await below.hasFolder('images')) && (await below.hasFolder('masks'))
      : (await metaOf(below)) !== undefined;
    if (isOne) found.push(name);
  }
  return found;
}

async function openLayout(own: Folder, metaPath: string): Promise<OpenedItems> {
  const { classes, coding, notices, readings } = parseMeta(await readTextOf(metaPath, META_KIND), metaPath);
  const [images, masks] = await Promise.all([own.images('images'), own.images('masks')]);
  if (images.length === 0) throw await nothingIn(own, 'images', 'no images');
  if (masks.length === 0) throw await nothingIn(own, 'masks', `no masks for the ${images.length} images`);
  const { pairs, problems } = pairByName(images, masks);
  const items = pairs.map(({ image, mask }) => ({
    id: image.stem,
    imagePath: image.path,
    maskPath: mask.path,
  }));
  return { root: own.path, classes, coding, items, problems, notices, readings };
}

/** Why a folder of the layout gives nothing, and what is there in its place. */
async function nothingIn(own: Folder, name: string, what: string): Promise<OtxError> {
  const path = join(own.path, name);
  if (await own.hasFolder(name)) {
    const inside = await own.names(name);
    const found = inside.length > 0 ? ` (found ${listSome(inside)})` : '';
    return new OtxError('dataset', `${path} holds ${what}${found}; expected ${LAYOUT} in ${own.path}`);
  }
  const others = await own.names();
  const reason = others.includes(name) ? 'is not a folder' : 'does not exist';
  return new OtxError(
    'dataset',
    `${path} ${reason}, so there are ${what}; expected ${LAYOUT} in ${own.path} (found ${listSome(others)})`,
  );
}
