/** @file Pictures and masks of a page as decoded samples in memory. */

import { messageOf, OtxError } from '../base/errors.js';
import { parseMeta } from '../data/datasets/meta.js';
import { pairByName } from '../data/datasets/pairing.js';
import { listSome } from '../data/datasets/problems.js';
import { type ClassInfo, IGNORE_INDEX, type LabeledImage, type MaskCoding } from '../data/types.js';
import { type Browser, here } from '../web/browser.js';
import { openSource, type PictureSource } from '../web/decode.js';
import { decodeMask } from './mask.js';

/** A picture to learn from. */
export interface TrainingPicture {
  /** By which it is told from others and put in order: its path below the folder of the images, without extension. */
  readonly id: string;
  /** The picture. */
  readonly image: PictureSource;
  /** The file of its mask, or the class of each pixel, row by row from the top; 255 for pixels to ignore. */
  readonly mask: Blob | Uint8Array;
}

/** A picture without a mask. */
export type OtherPicture = Omit<TrainingPicture, 'mask'>;

/** Pictures with what their masks mean. */
export interface TrainingData {
  /** Background first. */
  readonly classes: readonly ClassInfo[];
  /** What is learned from. */
  readonly train: readonly TrainingPicture[];
  /** What is scored; may be empty. */
  readonly validation: readonly TrainingPicture[];
  /** Pictures that are neither learned from nor scored, whose predictions may be watched. Default none. */
  readonly others?: readonly OtherPicture[] | undefined;
  /** What the values of mask files mean; not needed where all masks are classes of pixels. */
  readonly coding?: MaskCoding | undefined;
  /** What somebody should know of the data. */
  readonly notices?: readonly string[] | undefined;
}

/** A file below a folder. */
export interface FolderFile {
  /** With forward slashes. */
  readonly path: string;
  /** Its content. */
  readonly file: Blob;
}

/** A decoded picture with its classes. */
export interface MemorySample {
  readonly id: string;
  readonly width: number;
  readonly height: number;
  readonly pixels: LabeledImage;
}

const META = 'dataset_meta.json';
const VALIDATION = ['val', 'valid', 'validation'];
const PICTURES = /\.(png|jpe?g|webp|bmp|gif|avif)$/i;

/**
 * A data set in the Common Semantic Segmentation layout: `images/`, `masks/` and `dataset_meta.json`, in one folder or in `train/` and
 * `val/`. A single folder is learned from as a whole, without validation.
 *
 * @throws OtxError `dataset` for what is not in that layout.
 */
export async function openFolder(files: readonly FolderFile[]): Promise<TrainingData> {
  const metas = files.filter(({ path }) => path.split('/').at(-1) === META);
  const found = new Map<string, { files: FolderFile[]; meta: FolderFile }>();
  for (const entry of files) {
    const [, root, part] = /^(.*?)(?:^|\/)(images|masks)\//.exec(entry.path) ?? [];
    if (root === undefined || part === undefined || !PICTURES.test(entry.path)) continue;
    const above = root.includes('/') ? root.slice(0, root.lastIndexOf('/')) : '';
    const at = (folder: string) => metas.find(({ path }) => path === (folder ? `${folder}/${META}` : META));
    const meta = at(root) ?? at(above);
    if (!meta) continue;
    const subset = found.get(root) ?? { files: [], meta };
    subset.files.push(entry);
    found.set(root, subset);
  }
  const roots = [...found.keys()].sort();
  const isValidation = (root: string) => VALIDATION.includes(root.split('/').at(-1)!.toLowerCase());
  const named = (root: string, name: string) => root.split('/').at(-1)!.toLowerCase() === name;
  const trained = roots.filter((root) => !isValidation(root) && !named(root, 'test'));
  const train = trained.find((root) => named(root, 'train')) ?? trained[0];
  if (train === undefined) {
    throw new OtxError(
      'dataset',
      `the files are no data set (found ${listSome(files.map(({ path }) => path))}); expected images/, masks/ and ${META}, ` +
        'or folders train/ and val/ of these',
    );
  }
  const meta = found.get(train)!.meta;
  const { classes, coding, notices } = parseMeta(await meta.file.text(), meta.path);
  const validation = roots.find(isValidation);
  const problems: string[] = [...notices];
  const picturesOf = (root: string) => {
    const { pairs, problems: unpaired } = pairByName(...partsOf(root, found.get(root)!.files));
    problems.push(...unpaired);
    return pairs.map(({ image, mask }) => ({ id: image.stem, image: image.file, mask: mask.file }));
  };
  const data = {
    train: picturesOf(train),
    validation: validation === undefined ? [] : picturesOf(validation),
  };
  if (data.train.length === 0) {
    throw new OtxError(
      'dataset',
      `${train || 'the folder'}: no picture has a mask of its name (${problems[0] ?? ''})`,
    );
  }
  return { classes, coding, ...data, notices: problems };
}

function partsOf(root: string, files: readonly FolderFile[]) {
  const below = (part: string) => {
    const prefix = root ? `${root}/${part}/` : `${part}/`;
    return files
      .filter(({ path }) => path.startsWith(prefix))
      .map(({ path, file }) => ({ path, file, stem: path.slice(prefix.length).replace(/\.[^.]*$/, '') }));
  };
  return [below('images'), below('masks')] as const;
}

/**
 * Decodes pictures with their masks, in the order of their ids. Where there is no mask, all pixels are to be ignored.
 *
 * @throws OtxError `image` naming one that cannot be decoded or whose mask does not fit, `dataset` for an id that is there twice.
 */
export async function decodeSamples(
  pictures: readonly (TrainingPicture | OtherPicture)[],
  { classes, coding }: Pick<TrainingData, 'classes' | 'coding'>,
  browser: Browser = here,
): Promise<MemorySample[]> {
  const samples: MemorySample[] = [];
  for (const picture of [...pictures].sort((a, b) => (a.id < b.id ? -1 : 1))) {
    if (samples.at(-1)?.id === picture.id) {
      throw new OtxError('dataset', `two pictures are called ${picture.id}; give each a name of its own`);
    }
    samples.push(await decodeSample(picture, classes, coding, browser));
  }
  return samples;
}

async function decodeSample(
  { id, image, mask }: OtherPicture & Partial<Pick<TrainingPicture, 'mask'>>,
  classes: readonly ClassInfo[],
  coding: MaskCoding | undefined,
  browser: Browser,
): Promise<MemorySample> {
  const opened = await openSource(image, undefined, browser).catch((error: unknown) => {
    throw error instanceof OtxError ? new OtxError(error.code, `${id}: ${messageOf(error)}`) : error;
  });
  try {
    const { width, height, window, whole } = opened.picture;
    const pixels = whole?.data ?? (await window({ left: 0, top: 0, width, height }));
    const labels =
      mask instanceof Blob
        ? await decodeMask(mask, id, coding)
        : { data: mask ?? new Uint8Array(width * height).fill(IGNORE_INDEX), width, height };
    if (labels.width !== width || labels.height !== height || labels.data.length !== width * height) {
      throw new OtxError(
        'image',
        `${id}: the picture has ${width}x${height} pixels, its mask ${labels.width}x${labels.height} (${labels.data.length} values)`,
      );
    }
    const wrong = labels.data.find((value) => value >= classes.length && value !== IGNORE_INDEX);
    if (wrong !== undefined) {
      throw new OtxError(
        'image',
        `${id}: its mask has class ${wrong}; there are ${classes.length} classes, from 0`,
      );
    }
    return { id, width, height, pixels: { image: pixels, mask: labels.data, width, height } };
  } finally {
    opened.close();
  }
}
