/** @file Opens a data set of any format: which one it is, its subset, its classes, and the headers of its images. */
import { messageOf, OtxError } from '../../base/errors.js';
import { css } from '../formats/css.js';
import type { DatasetFormat, Item, OpenedItems } from '../formats/format.js';
import { WHOLE } from '../formats/format.js';
import { outsideNotices, repeated, safeId } from '../formats/items.js';
import { locate } from '../formats/locate.js';
import { pickSubset, type SubsetRole, shown } from '../formats/subsets.js';
import { readImageSize, readOrientation } from '../images/decoder.js';
import { mapConcurrent } from '../loaders/concurrent.js';
import { type AdaptOptions, adaptDataset } from '../otx-adapter/adapt-dataset.js';
import { requireOpenCv } from '../otx-adapter/opencv.js';
import { parseBands } from '../readings/bands.js';
import { parseAssume, type ReadingName } from '../readings/names.js';
import type { Size } from '../transforms/geometry.js';
import type { Dataset, Sample } from '../types.js';
import { laidBy, layingMasks } from './mask-orientation.js';
import { datasetError } from './problems.js';
import { readingImages, settleClasses, settleDataset } from './settle-dataset.js';

const HEADERS_AT_ONCE = 8;

/** Which of a folder's data is opened, and how it is read. */
export interface OpenDatasetOptions extends AdaptOptions {
  /**
   * Whether masks are turned into polygons and drawn again, as in the reference's default, which decodes every mask now.
   * Default false: the pixels of the masks are used as they are, as public benchmarks do.
   */
  readonly useOtxAdapter?: boolean | undefined;
  /** Name of the format, one of `FORMAT_NAMES`. Default: found out by the content of the folder. */
  readonly format?: string | undefined;
  /** Name of the subset, as the data has it. Default: the one for `role`. */
  readonly subset?: string | undefined;
  /** What the data is for, which chooses among several subsets. Default: only a data set with a single one is opened. */
  readonly role?: SubsetRole | undefined;
  /** Names of readings to choose where the files leave several open, with commas between them; see docs/data.md. */
  readonly assume?: string | undefined;
  /**
   * Whether classes that the files leave open stay so, for {@link settleClasses} when it is known how other data was read that
   * this belongs to. Default false.
   */
  readonly isLeftOpen?: boolean | undefined;
  /** Bands of the images that are red, green and blue, as "4,3,2", or one that is gray. Default: as the files say. */
  readonly bands?: string | undefined;
  /**
   * Is told of files that are wrong or without a partner, which are then left out. Default: they are an error, as they are when
   * there are no others.
   */
  readonly onProblems?: ((problems: readonly string[]) => void) | undefined;
}

/**
 * Opens `root`, or the single sub-folder of `root` that is a data set, in any of the formats of `src/data/formats`. Reads the
 * headers of the images, not their pixels: {@link verifyDataset} does.
 *
 * @throws OtxError `dataset` when the folder is missing, empty or something else, when a file that describes the data is
 * wrong, when no subset is for the role, and, as one list, for images without annotation, annotations without image, ambiguous
 * names and files that are no images; with `useOtxAdapter` also when no mask gives a polygon; `usage` with `useOtxAdapter`
 * when OpenCV is not installed, and for a format that there is not; `aborted` when the signal fires.
 */
export async function openDataset(root: string, options: OpenDatasetOptions = {}): Promise<Dataset> {
  if (options.useOtxAdapter) requireOpenCv();
  const assumed = parseAssume(options.assume);
  const bands = parseBands(options.bands);
  const { folder, format } = await locate(root, options.format);
  const subset = options.subset ?? pickSubset(folder, await format.subsets(folder), options.role);
  const opened = await format.open(folder, subset);
  const sized = await withSizes(opened.root ?? folder.path, opened, assumed, options);
  const dataset = readInexactly(await layingMasks(sized, assumed, options.signal), assumed);
  const withBands = bands ? readingImages(dataset, { bands }) : dataset;
  const named =
    format === css
      ? withBands
      : { ...withBands, notices: [describe(format, subset, opened), ...withBands.notices] };
  if (options.useOtxAdapter) return adaptDataset(await settleDataset(named, options), options);
  // What is asked of the classes next must not be answered for a reading that the masks refute later.
  return options.isLeftOpen ? named : settleClasses(named, options);
}

/** Where nothing else is open, how masks are read is decided by that. */
function readInexactly(dataset: Dataset, assumed: readonly ReadingName[]): Dataset {
  if (!assumed.includes('nearest-colour')) return dataset;
  const read = { ...dataset, decodeMask: { ...dataset.decodeMask, nearest: true } };
  return dataset.open ? read : { ...read, readings: [...(dataset.readings ?? []), 'nearest-colour'] };
}

/** "read as Cityscapes: 2975 images of the subset train, 19 classes" */
function describe({ title }: DatasetFormat, subset: string, { items, classes }: OpenedItems): string {
  const part = subset === WHOLE ? '' : ` of the subset ${shown(subset)}`;
  const count = classes.length - 1;
  return `read as ${title}: ${items.length} images${part}, ${count} ${count === 1 ? 'class' : 'classes'} and background`;
}

async function withSizes(
  root: string,
  { classes, coding, items: given, problems, notices: told, proposedMeta, readings = [] }: OpenedItems,
  assumed: readonly ReadingName[],
  { signal, onProblems }: Pick<OpenDatasetOptions, 'signal' | 'onProblems'>,
): Promise<Dataset> {
  const found = given.map((item) => ({ ...item, id: safeId(item.id) }));
  const twice = repeated(found);
  const wrong = [...twice.values()];
  const bad = new Set<Item>(twice.keys());
  const readSize = async (item: Item): Promise<Size> => {
    const { imagePath, maskPath, declared } = item;
    try {
      const size = await readImageSize(imagePath);
      const isTurned = declared && laidBy(assumed) === 'masks-raw' && (await readOrientation(imagePath)) >= 5;
      const expected = isTurned ? { width: declared.height, height: declared.width } : declared;
      const mismatch = expected && declaredMismatch(imagePath, maskPath, size, expected);
      if (mismatch !== undefined) {
        wrong.push(mismatch);
        bad.add(item);
      }
      return size;
    } catch (error) {
      wrong.push(messageOf(error));
      bad.add(item);
      return { width: 0, height: 0 };
    }
  };
  const all = await mapConcurrent(found, HEADERS_AT_ONCE, readSize, { signal });
  const items = found.filter((item) => !bad.has(item));
  const sizes = all.filter((_, i) => !bad.has(found[i]!));
  const everything = [...problems, ...wrong.sort()];
  if (everything.length > 0) {
    if (!onProblems || items.length === 0) {
      throw datasetError(root, everything, 'Complete, replace or remove the files');
    }
    onProblems(everything);
  }
  if (items.length === 0) {
    throw new OtxError(
      'dataset',
      `${root}: none of its images is annotated; there is nothing to learn or to score`,
    );
  }
  const outside = outsideNotices(items, sizes);
  const notices = [...told, ...outside];
  const samples = items
    .map(({ id, imagePath, maskPath, shapes }, i): Sample => {
      return { id, imagePath, maskPath, ...(shapes ? { shapes } : {}), ...sizes[i]! };
    })
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  const asked = readings.filter(({ name }) => name !== undefined && assumed.includes(name));
  const declared = asked.length > 0 ? asked : readings;
  const likeliest = declared[0] ?? { classes, coding, notices };
  return {
    root,
    classes: likeliest.classes,
    samples,
    decodeMask: likeliest.coding,
    notices: likeliest === declared[0] ? [...likeliest.notices, ...outside] : notices,
    ...(declared.length > 0 ? { open: { declared, assumed } } : {}),
    ...(proposedMeta ? { proposedMeta } : {}),
  };
}

/** What is drawn on a picture of another size lies elsewhere. */
function declaredMismatch(image: string, source: string, found: Size, declared: Size): string | undefined {
  const { width, height } = declared;
  if (width === found.width && height === found.height) return undefined;
  const turned =
    width === found.height && height === found.width
      ? '; the annotation was drawn on the picture before its EXIF orientation was applied: save the image upright, or turn the annotation ' +
        'with --assume masks-raw'
      : '';
  return `${source}: says that ${image} is ${width}x${height}, but it is ${found.width}x${found.height}${turned}`;
}
