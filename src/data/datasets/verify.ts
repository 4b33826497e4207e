/** @file Looks at every pixel of a data set before training, so that bad files are found in seconds, not in epoch 17. */
import { abortable } from '../../base/abortable.js';
import { OtxError } from '../../base/errors.js';
import { mapConcurrent } from '../loaders/concurrent.js';
import { acquirePool, DEFAULT_WORKERS, letGo } from '../loaders/pool.js';
import type { Dataset } from '../types.js';
import { datasetError } from './problems.js';
import type { DatasetReport } from './report.js';

export interface VerifyOptions {
  /** Data threads; 0 works in the calling thread. Default 2. */
  readonly workers?: number;
  /** Whether the data set is to be learned from, for which it must show something else than background. Default false. */
  readonly isForTraining?: boolean;
  /** Called after each sample. */
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/**
 * Decodes every image and mask in full.
 * @throws OtxError `dataset` once for all files that are truncated, unreadable or lossy, have values without a class, or
 * whose mask has another size than the image; `aborted` when the signal fires.
 */
export async function verifyDataset(dataset: Dataset, options: VerifyOptions = {}): Promise<DatasetReport> {
  const { samples, classes, decodeMask } = dataset;
  const pool = acquirePool(options.workers ?? DEFAULT_WORKERS);
  let done = 0;
  try {
    const results = await mapConcurrent(samples, Math.max(2 * pool.workers, 1), async (sample) => {
      const task = { sample, coding: decodeMask, classes: classes.length };
      const result = await abortable(pool.run('verifySample', task), options.signal, 'checking the data set');
      options.onProgress?.(++done, samples.length);
      return result;
    });

    const problems = results.flatMap((result) => result.problems);
    if (problems.length > 0) {
      const advice = ['Mend, replace or remove the files', ...dataset.notices].join('; note: ');
      throw datasetError(dataset.root, problems, advice);
    }

    const pixels = classes.map((_, index) => sum(results.map((result) => result.pixels[index]!)));
    const ignored = sum(results.map((result) => result.ignored));
    const total = sum(pixels) + ignored;
    if (total === ignored) {
      throw new OtxError(
        'dataset',
        `${dataset.root}: every pixel of its ${samples.length} masks is 255 (ignore), so there is nothing to learn or ` +
          'to score; write the index of the class into each pixel',
      );
    }
    checkForeground(dataset, pixels, ignored, options.isForTraining ?? false);
    return {
      root: dataset.root,
      images: samples.length,
      classes: classes.map(({ name }, index) => ({
        name,
        pixels: pixels[index]!,
        share: pixels[index]! / total,
        images: results.filter((result) => result.pixels[index]! > 0).length,
      })),
      shown: results.map((result) => result.pixels.flatMap((count, index) => (count > 0 ? [index] : []))),
      ignoredShare: ignored / total,
      warnings: results.flatMap((result) => result.warning ?? []),
      notices: [...dataset.notices, ...nothingToTell(classes, pixels, ignored)],
    };
  } finally {
    await letGo(pool, options.signal);
  }
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
        '(values in an alpha channel are not read), and at the classes of the meta file',
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
