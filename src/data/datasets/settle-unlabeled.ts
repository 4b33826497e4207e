/** @file Decides the one range by which all images without masks become 8-bit pictures. */
import { abortable } from '../../base/abortable.js';
import { OtxError } from '../../base/errors.js';
import { mapConcurrent } from '../loaders/concurrent.js';
import { acquirePool, DEFAULT_WORKERS, letGo } from '../loaders/pool.js';
import { settleImages } from '../readings/settle-images.js';
import type { ImageReading, UnlabeledImages } from '../types.js';
import { datasetError, listSome } from './problems.js';

export interface SettleUnlabeledOptions {
  /** Bands that were chosen. */
  readonly asked: ImageReading | undefined;
  /** Data threads; 0 works in the calling thread. Default 2. */
  readonly workers?: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The images with how all of them are read. Those that cannot be decoded are left to whoever reads them next.
 *
 * @returns also what a careful reader should know, one sentence each.
 * @throws OtxError `dataset` where no range could hold for all; `aborted`.
 */
export async function settleUnlabeled(
  unlabeled: UnlabeledImages,
  { asked, workers = DEFAULT_WORKERS, signal }: SettleUnlabeledOptions,
): Promise<{ readonly images: UnlabeledImages; readonly notices: readonly string[] }> {
  const pool = acquirePool(workers);
  try {
    const found = await mapConcurrent(unlabeled.images, Math.max(2 * pool.workers, 1), ({ imagePath }) =>
      abortable(pool.run('lookAtUnlabeled', { imagePath, reading: asked }), signal, 'looking at the images'),
    );
    const { reading, notices, problem } = settleImages(
      found.map(({ numbers }) => numbers),
      asked,
      undefined,
    );
    const { root } = unlabeled;
    const drawn = checkMasks(unlabeled, found);
    if (problem !== undefined) {
      throw datasetError(root, [`${root}: ${problem}`], 'Give images of one kind');
    }
    return { images: reading ? { ...unlabeled, reading } : unlabeled, notices: [...notices, ...drawn] };
  } finally {
    await letGo(pool, signal);
  }
}

/** This many are the wrong folder: usually one with a mask for each picture. */
const WRONG_SHARE = 0.5;

/**
 * What is to be said of pictures that hold as few values as masks do.
 *
 * @param found for each image whether it is so.
 * @returns notices.
 * @throws OtxError `dataset` where half of them or more are.
 */
export function checkMasks(
  { root, images }: UnlabeledImages,
  found: readonly { readonly isMask: boolean }[],
): string[] {
  const masks = images.filter((_, i) => found[i]!.isMask).map(({ id }) => id);
  if (masks.length === 0) return [];
  const what = `${root}: ${masks.length} of its ${images.length} pictures hold as few values as masks do (${listSome(masks)})`;
  const remedy = 'give the folder of the photographs alone, or a list of them';
  if (masks.length < WRONG_SHARE * images.length)
    return [`${what}, and are learned from like photographs; if they are masks, ${remedy}`];
  throw new OtxError('dataset', `${what}, which would be learned from like photographs; ${remedy}`);
}
