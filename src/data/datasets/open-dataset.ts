/** @file Opens a folder in the Common Semantic Segmentation layout: meta file, pairing, image headers. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, OtxError } from '../../base/errors.js';
import { META_NAMES } from '../../base/outputs/dataset-folder.js';
import { type FileKind, MOST_BYTES, readTextOf } from '../../base/read-file.js';
import { readImageSize } from '../images/decoder.js';
import { findImages, isFolder } from '../images/image-files.js';
import { mapConcurrent } from '../loaders/concurrent.js';
import { type AdaptOptions, adaptDataset } from '../otx-adapter/adapt-dataset.js';
import { requireOpenCv } from '../otx-adapter/opencv.js';
import type { Dataset } from '../types.js';
import { parseMeta } from './meta.js';
import { pairByName } from './pairing.js';
import { datasetError, listSome } from './problems.js';

const META_KIND: FileKind = {
  code: 'dataset',
  expected: 'the names of the classes in JSON',
  maxBytes: MOST_BYTES.json,
};
const LAYOUT = 'images/, masks/ and dataset_meta.json';
const HEADERS_AT_ONCE = 8;

export interface OpenDatasetOptions extends AdaptOptions {
  /**
   * Whether masks are turned into polygons and drawn again, as in the reference's default, which decodes every mask now.
   * Default false: the pixels of the masks are used as they are, as public benchmarks do.
   */
  readonly useOtxAdapter?: boolean | undefined;
}

/**
 * Opens `root`, or the single sub-folder of `root` that is a data set.
 *
 * Expected: `images/**` and `masks/**` with equal names apart from the ending, and `dataset_meta.json` (or `meta.json`),
 * see {@link parseMeta}. Reads the headers of the images, not their pixels: {@link verifyDataset} does.
 * @throws OtxError `dataset` when the folder is missing, empty or something else, when the meta file is wrong, and, as one
 * list, for images without mask, masks without image, ambiguous names and files that are no images; with `useOtxAdapter`
 * also when no mask gives a polygon; `usage` with `useOtxAdapter` when OpenCV is not installed; `aborted` when the signal
 * fires.
 */
export async function openDataset(root: string, options: OpenDatasetOptions = {}): Promise<Dataset> {
  if (options.useOtxAdapter) requireOpenCv();
  const { folder, metaPath } = await locate(root);
  const { classes, coding, notices } = parseMeta(await readTextOf(metaPath, META_KIND), metaPath);

  const [images, masks] = await Promise.all([
    findImages(join(folder, 'images')),
    findImages(join(folder, 'masks')),
  ]);
  if (images.length === 0) throw await nothingIn(folder, 'images', 'no images');
  if (masks.length === 0) throw await nothingIn(folder, 'masks', `no masks for the ${images.length} images`);

  const { pairs, problems } = pairByName(images, masks);
  const unreadable: string[] = [];
  const { signal } = options;
  const readSize = async ({ image }: (typeof pairs)[number]) => {
    try {
      return await readImageSize(image.path);
    } catch (error) {
      unreadable.push(messageOf(error));
      return { width: 0, height: 0 };
    }
  };
  const sizes = await mapConcurrent(pairs, HEADERS_AT_ONCE, readSize, { signal });
  if (problems.length + unreadable.length > 0) {
    throw datasetError(folder, [...problems, ...unreadable.sort()], 'Complete, replace or remove the files');
  }
  const samples = pairs.map(({ image, mask }, i) => ({
    id: image.stem,
    imagePath: image.path,
    maskPath: mask.path,
    ...sizes[i]!,
  }));
  const dataset = { root: folder, classes, samples, decodeMask: coding, notices };
  return options.useOtxAdapter ? adaptDataset(dataset, options) : dataset;
}

/** Why a folder of the layout gives nothing, and what is there in its place. */
async function nothingIn(root: string, name: string, what: string): Promise<OtxError> {
  const folder = join(root, name);
  const inside = await readdir(folder).then(shown, () => undefined);
  if (inside) {
    const found = inside.length > 0 ? ` (found ${listSome(inside)})` : '';
    return new OtxError('dataset', `${folder} holds ${what}${found}; expected ${LAYOUT} in ${root}`);
  }
  const others = shown(await readdir(root));
  const reason = others.includes(name) ? 'is not a folder' : 'does not exist';
  return new OtxError(
    'dataset',
    `${folder} ${reason}, so there are ${what}; expected ${LAYOUT} in ${root} (found ${listSome(others)})`,
  );
}

const shown = (names: readonly string[]): string[] => names.filter((name) => !name.startsWith('.')).sort();

/** The folder that holds the data set and its meta file. */
async function locate(root: string): Promise<{ folder: string; metaPath: string }> {
  let names: string[];
  try {
    names = (await readdir(root)).filter((name) => !name.startsWith('.'));
  } catch (error) {
    const reason = { ENOENT: 'does not exist', ENOTDIR: 'is not a folder' }[
      (error as NodeJS.ErrnoException).code ?? ''
    ];
    throw new OtxError(
      'dataset',
      `data set folder ${root} ${reason ?? `cannot be read (${messageOf(error)})`}; expected a folder with ${LAYOUT}`,
      { cause: error },
    );
  }
  if (names.length === 0) {
    throw new OtxError('dataset', `data set folder ${root} is empty; expected ${LAYOUT}`);
  }
  const meta = META_NAMES.find((name) => names.includes(name));
  if (meta) return { folder: root, metaPath: join(root, meta) };

  const children: string[] = [];
  for (const name of names.sort()) if (await isFolder(join(root, name))) children.push(name);
  const datasets: string[] = [];
  for (const child of children) {
    const inside = await readdir(join(root, child)).catch((): string[] => []);
    if (META_NAMES.some((name) => inside.includes(name))) datasets.push(child);
  }
  const single = children.length === 1 ? datasets[0] : undefined;
  if (single !== undefined) return locate(join(root, single));

  if (children.includes('images')) {
    throw new OtxError(
      'dataset',
      `${join(root, META_NAMES[0])} is missing; ` +
        'it names the classes, e.g. {"label_map": {"0": "background", "1": "person"}}',
    );
  }
  const hint =
    datasets.length > 0
      ? `; did you mean ${datasets.map((name) => join(root, name)).join(' or ')}?`
      : ` (found ${listSome(names)})`;
  throw new OtxError('dataset', `${root} is not a data set: expected ${LAYOUT}${hint}`);
}
