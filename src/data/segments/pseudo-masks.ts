/** @file The pseudo masks of a folder of images: made by data threads where they are missing, used again where they fit. */

import { dirname, join } from 'node:path';
import { abortable } from '../../base/abortable.js';
import { outputError } from '../../base/atomic.js';
import { makeFolder } from '../../base/make-folder.js';
import { mapConcurrent } from '../concurrent.js';
import { acquirePool, DEFAULT_WORKERS } from '../pool.js';
import { datasetError } from '../problems.js';
import type { UnlabeledImages } from '../types.js';
import type { VerifyOptions } from '../verify.js';

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
 * Makes `folder` hold the pseudo mask of every image, under the image's path with the ending `.png`. A mask that is there
 * is used if it is whole and was made from the same bytes with the same settings; otherwise it is made anew. The images are
 * only read. Stopped at any moment, the masks made so far stay.
 *
 * Differences from the reference: sub-folders are kept, so that equal names in two of them do not collide; masks are PNG
 * for every kind of image; an image that is one segment as a whole is used, the reference drops it.
 * @throws OtxError `dataset` once for all images that are damaged, `output` when the folder cannot be written, `aborted`
 * when the signal fires.
 */
export async function ensurePseudoMasks(
  { root, images }: UnlabeledImages,
  folder: string,
  { workers = DEFAULT_WORKERS, onProgress, signal }: VerifyOptions = {},
): Promise<PseudoMasks> {
  const names = maskNames(images.map(({ id }) => id));
  const paths = names.map((name) => join(folder, ...name.split('/')));
  await makeFolders(paths);

  const pool = acquirePool(workers);
  let done = 0;
  try {
    const results = await mapConcurrent(images, Math.max(2 * pool.workers, 1), async ({ imagePath }, i) => {
      const task = { imagePath, maskPath: paths[i]! };
      const result = await abortable(pool.run('makePseudoMask', task), signal, 'making pseudo masks');
      onProgress?.(++done, images.length);
      return result;
    });
    const problems = results.flatMap(({ problem }) => problem ?? []);
    if (problems.length > 0) throw datasetError(root, problems, 'Mend, replace or remove the files');
    const made = results.filter((result) => result.made).length;
    const warnings = results.flatMap(({ warning }) => warning ?? []);
    return { folder, paths, made, reused: images.length - made, warnings };
  } finally {
    await pool.release();
  }
}

/**
 * Names of the masks of images: the image's with the ending `.png`; where several images differ only in their ending (or
 * in upper and lower case, which some file systems do not tell apart), `.png` is put behind it instead.
 */
export function maskNames(ids: readonly string[]): string[] {
  const simple = ids.map((id) => `${id.slice(0, id.lastIndexOf('.'))}.png`);
  const uses = new Map<string, number>();
  for (const name of simple) uses.set(name.toLowerCase(), (uses.get(name.toLowerCase()) ?? 0) + 1);
  const taken = new Set(simple.map((name) => name.toLowerCase()));
  return simple.map((name, i) => {
    if (uses.get(name.toLowerCase()) === 1) return name;
    let longer = `${ids[i]}.png`;
    while (taken.has(longer.toLowerCase())) longer += '.png';
    taken.add(longer.toLowerCase());
    return longer;
  });
}

async function makeFolders(paths: readonly string[]): Promise<void> {
  for (const folder of new Set(paths.map((path) => dirname(path)))) {
    try {
      await makeFolder(folder);
    } catch (error) {
      throw outputError(folder, error);
    }
  }
}
