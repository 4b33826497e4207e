/** @file Images and masks without a word about classes: in two folders, or side by side. Classes are the values found. */
import { join } from 'node:path';
import { OtxError } from '../../base/errors.js';
import { META_NAMES } from '../../base/outputs/dataset-folder.js';
import { pairByName } from '../datasets/pairing.js';
import { datasetError } from '../datasets/problems.js';
import type { ImageFile } from '../images/image-files.js';
import type { Folder } from './folder.js';
import { type DatasetFormat, type Item, type OpenedItems, WHOLE } from './format.js';
import { classesFromMasks } from './plain-values.js';
import { isSubsetName } from './subsets.js';

const IMAGES = ['images', 'image', 'imgs', 'img', 'img_dir', 'photos', 'inputs', 'rgb'];
const MASKS = (
  'masks mask labels label annotations annotation anns ann_dir gt groundtruth ground_truth segmentation ' +
  'segmentations targets'
).split(' ');
/** Behind the name of the image, whatever the case. */
const SUFFIX = /[_.-](masks?|seg|segmentations?|labels?|gt|ground_?truth|annotations?|l)$/i;

export const plainFolders: DatasetFormat = {
  name: 'folders',
  title: 'folders of images and masks',
  looksFor: 'images/ and masks/ with equal names, or image.jpg beside image_mask.png',
  async detect(folder) {
    for (const subset of await this.subsets(folder)) {
      if ((await filesOf(folder, subset)) !== undefined) return true;
    }
    return false;
  },
  async subsets(folder) {
    const own = await pairOfFolders(folder);
    // Subsets are folders in both folders, or folders that have both; side by side, folders with images.
    const names = own ? await folder.folders(own.images) : await folder.folders();
    const found: string[] = [];
    for (const name of names.filter(isSubsetName)) {
      if ((await filesOf(folder, name)) !== undefined) found.push(name);
    }
    return found.length > 0 ? found : [WHOLE];
  },
  async open(folder, subset) {
    await refuseMislaidMeta(folder);
    const subsets = await this.subsets(folder);
    const opened = await Promise.all(subsets.map((name) => itemsOf(folder, name)));
    const items = opened[subsets.indexOf(subset)]!;
    // Of all subsets, so that each has the same classes.
    const masks = opened.flatMap((each) => each.items.map(({ maskPath }) => maskPath));
    if (masks.length === 0) {
      throw datasetError(folder.path, items.problems, 'Complete, replace or remove the files');
    }
    return { ...items, ...(await classesFromMasks(folder.path, masks)) };
  },
};

async function itemsOf(folder: Folder, subset: string): Promise<Pick<OpenedItems, 'items' | 'problems'>> {
  const { images, masks } = (await filesOf(folder, subset))!;
  const { pairs, problems } = pairByName(images, masks);
  const items: Item[] = pairs.map(({ image, mask }) => ({
    id: image.stem,
    imagePath: image.path,
    maskPath: mask.path,
  }));
  return { items, problems };
}

interface Files {
  readonly images: readonly ImageFile[];
  /** Without their suffix. */
  readonly masks: readonly ImageFile[];
}

/** The names of the two folders, if there are both. */
async function pairOfFolders(folder: Folder): Promise<{ images: string; masks: string } | undefined> {
  const names = await folder.folders();
  const named = (wanted: readonly string[]) =>
    wanted.flatMap((name) => names.find((own) => own.toLowerCase() === name) ?? [])[0];
  const [images, masks] = [named(IMAGES), named(MASKS)];
  return images === undefined || masks === undefined ? undefined : { images, masks };
}

/** Images and masks of a subset; undefined where it is no layout of this kind. */
async function filesOf(folder: Folder, subset: string): Promise<Files | undefined> {
  const outer = await pairOfFolders(folder);
  const own = subset === WHOLE ? folder : folder.at(subset);
  const inner = outer ? undefined : await pairOfFolders(own);
  const places = outer
    ? [folder.images(join(outer.images, subset)), folder.images(join(outer.masks, subset))]
    : inner && [own.images(inner.images), own.images(inner.masks)];
  if (places) {
    const [images, masks] = await Promise.all(places);
    if (images!.length === 0 || masks!.length === 0) return undefined;
    return { images: images!, masks: withoutSuffix(images!, masks!) };
  }
  return sideBySide(await own.images());
}

/** Masks may have the suffix in a folder of their own too, as `0001_mask.png`. */
function withoutSuffix(images: readonly ImageFile[], masks: readonly ImageFile[]): readonly ImageFile[] {
  const stems = new Set(images.map(({ stem }) => stem));
  return masks.map((mask) => {
    const bare = mask.stem.replace(SUFFIX, '');
    return !stems.has(mask.stem) && stems.has(bare) ? { ...mask, stem: bare } : mask;
  });
}

function sideBySide(files: readonly ImageFile[]): Files | undefined {
  const stems = new Set(files.map(({ stem }) => stem));
  const isMask = ({ stem }: ImageFile) => SUFFIX.test(stem) && stems.has(stem.replace(SUFFIX, ''));
  const masks = files.filter(isMask).map((mask) => ({ ...mask, stem: mask.stem.replace(SUFFIX, '') }));
  if (masks.length === 0) return undefined;
  return { images: files.filter((file) => !isMask(file)), masks };
}

/** A meta file under another name or in another place was meant to be read. */
async function refuseMislaidMeta(folder: Folder): Promise<void> {
  const names = await folder.names();
  const places = ['', ...(await folder.folders())];
  for (const place of places) {
    const inside = place === '' ? names : await folder.names(place);
    const found = inside.find((name) => /^(dataset_?)?meta\.json$/i.test(name));
    if (found === undefined) continue;
    throw new OtxError(
      'dataset',
      `${join(folder.path, META_NAMES[0])} is missing; it names the classes, e.g. ` +
        `{"label_map": {"0": "background", "1": "person"}}; did you mean ${join(folder.path, place, found)}? ` +
        'Move it there, under this name',
    );
  }
}
