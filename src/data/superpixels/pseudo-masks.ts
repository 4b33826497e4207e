/** @file The pseudo masks of a folder of images: made by data threads where they are missing, used again where they fit. */

import { join } from 'node:path';
import { abortable } from '../../base/abortable.js';
import type { Outputs } from '../../base/outputs/outputs.js';
import { datasetError } from '../datasets/problems.js';
import type { VerifyOptions } from '../datasets/verify.js';
import { mapConcurrent } from '../loaders/concurrent.js';
import { acquirePool, DEFAULT_WORKERS, letGo } from '../loaders/pool.js';
import { maskNames } from '../masks/mask-names.js';
import type { UnlabeledImages } from '../types.js';

export interface PseudoMasks {
  readonly folder: string;
  /** In the order of the images. */
  readonly paths: readonly string[];
  /** Masks that were made now, and those that were there. */
  readonly made: number;
  readonly reused: number;
  /** Defects of images that could be decoded around. */
  readonly warnings: readonly string[];
}

/**
 * Makes the folder of `outputs` hold the pseudo mask of every image, under the image's path with the ending `.png`. A mask that is there
 * is used if it is whole and was made from the same bytes with the same settings; otherwise it is made anew if it was made
 * here. The images are only read. Stopped at any moment, the masks made so far stay.
 *
 * Differences from the reference: sub-folders are kept, so that equal names in two of them do not collide; masks are PNG
 * for every kind of image; an image that is one segment as a whole is used, the reference drops it.
 * @throws OtxError `dataset` once for all images that are damaged, `output` when the folder cannot be written, or holds a file
 * of other origin that would have to be replaced, `aborted` when the signal fires.
 */
export async function ensurePseudoMasks(
  { root, images, reading }: UnlabeledImages,
  outputs: Outputs,
  { workers = DEFAULT_WORKERS, onProgress, signal }: VerifyOptions = {},
): Promise<PseudoMasks> {
  const folder = outputs.root;
  const names = maskNames(images.map(({ id }) => id));
  const paths = names.map((name) => join(folder, ...name.split('/')));

  const pool = acquirePool(workers);
  const atOnce = Math.max(2 * pool.workers, 1);
  const make = (i: number) => {
    const task = { imagePath: images[i]!.imagePath, maskPath: paths[i]!, reading };
    const running = pool.run('makePseudoMask', task);
    return abortable(running, signal, 'making pseudo masks');
  };
  let done = 0;
  try {
    // Before the first mask is written.
    await mapConcurrent(paths, atOnce, async (path, i) => {
      const refusal = await outputs.isThere(path).then(
        () => undefined,
        (error: unknown) => error,
      );
      if (refusal !== undefined && (await make(i)).mask) throw refusal;
    });
    const results = await mapConcurrent(images, atOnce, async (_, i) => {
      const { mask, problem, warning } = await make(i);
      if (mask) await outputs.write(paths[i]!, mask);
      onProgress?.(++done, images.length);
      return { isMade: mask !== undefined, problem, warning };
    });
    const problems = results.flatMap(({ problem }) => problem ?? []);
    if (problems.length > 0) throw datasetError(root, problems, 'Mend, replace or remove the files');
    const made = results.filter(({ isMade }) => isMade).length;
    const warnings = results.flatMap(({ warning }) => warning ?? []);
    return { folder, paths, made, reused: images.length - made, warnings };
  } finally {
    await letGo(pool, signal);
  }
}
