/** @file Looks at every pixel of a data set before training, so that bad files are found in seconds, not in epoch 17. */
import { abortable } from '../../base/abortable.js';
import { OtxError } from '../../base/errors.js';
import { mapConcurrent } from '../loaders/concurrent.js';
import { acquirePool, DEFAULT_WORKERS, letGo } from '../loaders/pool.js';
import type { MaskEvidence } from '../readings/evidence.js';
import { outcomeOf, problemOf } from '../readings/outcome.js';
import { settleImages } from '../readings/settle-images.js';
import { type ClassInfo, type Dataset, IGNORE_INDEX } from '../types.js';
import { checkOrientation, layingAlike } from './mask-orientation.js';
import { matchClasses } from './match-classes.js';
import { datasetError } from './problems.js';
import { type DatasetReport, valuesOf } from './report.js';
import { type BelongsTo, isReadInexactly, readingImages, settleWith } from './settle-dataset.js';

export interface VerifyOptions {
  /** Data threads; 0 works in the calling thread. Default 2. */
  readonly workers?: number;
  /** Whether the data set is to be learned from, for which it must show something else than background. Default false. */
  readonly isForTraining?: boolean;
  /** Data that was read already and whose reading is followed where it fits: the training data of validation data. */
  readonly belongsTo?: BelongsTo | undefined;
  /** Classes by whose numbers to count, matched by name, and whose they are. Default: those of the data set. */
  readonly numbering?: { readonly classes: readonly ClassInfo[]; readonly owner: string } | undefined;
  /**
   * Is told of bad files, which are then left out. Default: they are an error, as they are when there are no others.
   */
  readonly onProblems?: ((problems: readonly string[]) => void) | undefined;
  /** Called after each sample. */
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/** A data set of which every file has been looked at. */
export interface VerifiedDataset {
  /** With nothing left open on how its masks are read. */
  readonly dataset: Dataset;
  readonly report: DatasetReport;
}

/**
 * Decodes every image and mask in full, and decides from what is in the masks how they are read.
 * @throws OtxError `dataset` once for all files that are truncated, unreadable or lossy, have values without a class, or
 * whose mask has another size than the image; for masks that can be read in several ways; `aborted` when the signal fires.
 */
export async function verifyDataset(
  asOpened: Dataset,
  options: VerifyOptions = {},
): Promise<VerifiedDataset> {
  const { belongsTo } = options;
  const alike = asOpened.imageReading ?? belongsTo?.imageReading;
  const pictured = alike ? readingImages(asOpened, alike) : asOpened;
  const opened = await layingAlike(pictured, belongsTo?.readings, options.signal);
  return conclude(opened, await lookAtAll(opened, options), options);
}

type Looked = Awaited<ReturnType<typeof lookAtAll>>;

/** What the files say together; once more without the bad ones, where these are set aside. */
function conclude(opened: Dataset, results: Looked, options: VerifyOptions): VerifiedDataset {
  const { belongsTo, numbering, onProblems } = options;
  const evidence = results.map((result) => result.evidence);
  const bad = results.flatMap((result) => result.problems);
  const { dataset: withMasks, problems } = settled(opened, evidence, bad.length > 0, options);
  const ofSample = results.map((result, i) => (result.problems.length > 0 ? result.problems : problems[i]!));
  const isGood = ofSample.map((found) => found.length === 0);
  if (onProblems && isGood.includes(true) && isGood.includes(false)) {
    onProblems(ofSample.flat());
    const samples = opened.samples.filter((_, i) => isGood[i]);
    return conclude(
      { ...opened, samples },
      results.filter((_, i) => isGood[i]),
      options,
    );
  }
  const numbers = results.map((result) => result.numbers);
  const images = settleImages(numbers, opened.imageReading, belongsTo?.imageReading);
  const edges = results.map((result) => result.edges);
  const turned = checkOrientation(opened, edges, belongsTo?.readings, bad.length > 0);
  const read = images.reading ? readingImages(withMasks, images.reading) : withMasks;
  const dataset = { ...read, notices: [...read.notices, ...images.notices, ...turned] };
  const all = ofSample.flat();
  // Of images that cannot be decoded nothing is known that could be alike.
  if (images.problem !== undefined && bad.length === 0) all.unshift(`${opened.root}: ${images.problem}`);
  if (all.length > 0) {
    throw datasetError(
      dataset.root,
      all,
      ['Mend, replace or remove the files', ...dataset.notices].join('; note: '),
    );
  }
  const numbered = numbering ? matchClasses(dataset, numbering.classes, numbering.owner).dataset : dataset;
  const counts = results.map(
    (result, i) => result.pixels ?? outcomeOf(evidence[i]!, numbered.decodeMask).pixels,
  );
  return { dataset: numbered, report: reportOf(numbered, counts, results, options) };
}

async function lookAtAll(dataset: Dataset, options: VerifyOptions) {
  const { samples, open } = dataset;
  const { numbering } = options;
  const isNumbered = !open && numbering !== undefined;
  const { decodeMask } = isNumbered
    ? matchClasses(dataset, numbering.classes, numbering.owner).dataset
    : dataset;
  const lossy = isReadInexactly(dataset, options.belongsTo);
  const pool = acquirePool(options.workers ?? DEFAULT_WORKERS);
  let done = 0;
  try {
    return await mapConcurrent(samples, Math.max(2 * pool.workers, 1), async (sample) => {
      const task = { sample, coding: open ? undefined : decodeMask, lossy };
      const result = await abortable(pool.run('verifySample', task), options.signal, 'checking the data set');
      options.onProgress?.(++done, samples.length);
      return result;
    });
  } finally {
    await letGo(pool, options.signal);
  }
}

/** What the masks decide, and for each what does not fit. Beside other bad files nobody is asked to choose a reading. */
function settled(
  opened: Dataset,
  evidence: readonly (MaskEvidence | undefined)[],
  isBadAnyway: boolean,
  { belongsTo }: VerifyOptions,
): { dataset: Dataset; problems: string[][] } {
  const masks = evidence.flatMap((found) => found ?? []);
  let dataset = opened;
  try {
    dataset = settleWith(opened, masks, belongsTo).dataset;
  } catch (error) {
    if (!isBadAnyway) throw error;
  }
  const problems = evidence.map((found, i) => {
    const path = opened.samples[i]!.maskPath;
    return found ? [problemOf(path, found, dataset.decodeMask)].flatMap((problem) => problem ?? []) : [];
  });
  return { dataset, problems };
}

function reportOf(
  dataset: Dataset,
  counts: readonly (readonly number[])[],
  results: readonly { readonly warning: string | undefined }[],
  options: VerifyOptions,
): DatasetReport {
  const { root, samples, classes } = dataset;
  const pixels = classes.map((_, index) => sum(counts.map((count) => count[index]!)));
  const ignored = sum(counts.map((count) => count[IGNORE_INDEX]!));
  const total = sum(pixels) + ignored;
  if (total === ignored) {
    throw new OtxError(
      'dataset',
      `${root}: every pixel of its ${samples.length} masks is 255 (ignore), so there is nothing to learn or ` +
        'to score; write the index of the class into each pixel',
    );
  }
  checkForeground(dataset, pixels, ignored, options.isForTraining ?? false);
  const values = valuesOf(dataset);
  return {
    root,
    images: samples.length,
    classes: classes.map(({ name }, index) => ({
      name,
      ...(values ? { value: values[index] ?? '' } : {}),
      pixels: pixels[index]!,
      share: pixels[index]! / total,
      images: counts.filter((count) => count[index]! > 0).length,
    })),
    shown: counts.map((count) => classes.flatMap((_, index) => (count[index]! > 0 ? [index] : []))),
    ignoredShare: ignored / total,
    warnings: results.flatMap((result) => result.warning ?? []),
    notices: [...dataset.notices, ...nothingToTell(classes, pixels, ignored)],
  };
}

/** The masks of many tools have 0 and 255 for two classes: all that is to be learned would be ignored. */
function checkForeground(
  { root, samples, classes, notices }: Dataset,
  pixels: readonly number[],
  ignored: number,
  isForTraining: boolean,
): void {
  if (pixels.some((count, index) => index > 0 && count > 0)) return;
  if (ignored > 0) {
    const remedy =
      classes.length === 2
        ? `write 1 in its place for ${classes[1]!.name}`
        : 'write the number of the class in its place';
    throw new OtxError(
      'dataset',
      [
        `${root}: all pixels of its ${samples.length} masks are 0 (background) or 255, which is ignored, so that there is ` +
          `no class to tell from the background; if 255 stands for a class, ${remedy}`,
        ...notices,
      ].join('; note: '),
    );
  }
  if (!isForTraining) return;
  throw new OtxError(
    'dataset',
    [
      `${root}: every pixel of its ${samples.length} masks is background, so there is nothing to learn; look at the masks ` +
        '(an alpha channel is read where it tells one class from the background by 0 and 255), and at the classes of the ' +
        'meta file',
      ...notices,
    ].join('; note: '),
  );
}

/** A single class can be learned by saying it always. */
function nothingToTell(
  classes: Dataset['classes'],
  pixels: readonly number[],
  ignored: number,
): readonly string[] {
  const [only, ...others] = classes.filter((_, index) => pixels[index]! > 0);
  if (!only || others.length > 0) return [];
  const remedy = '; if 255 stands for a class, write the number of the class in its place';
  return [
    `all pixels that are not ignored are ${only.name}, so that there is nothing to tell apart${ignored > 0 ? remedy : ''}`,
  ];
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
