/** @file Decides the one range by which all images without masks become 8-bit pictures. */
import { abortable } from '../../base/abortable.js';
import { mapConcurrent } from '../loaders/concurrent.js';
import { acquirePool, DEFAULT_WORKERS, letGo } from '../loaders/pool.js';
import { settleImages } from '../readings/settle-images.js';
import type { ImageReading, UnlabeledImages } from '../types.js';
import { datasetError } from './problems.js';

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
      abortable(pool.run('lookAtNumbers', { imagePath, reading: asked }), signal, 'looking at the images'),
    );
    const { reading, notices, problem } = settleImages(found, asked, undefined);
    const { root } = unlabeled;
    if (problem !== undefined) {
      throw datasetError(root, [`${root}: ${problem}`], 'Give images of one kind');
    }
    return { images: reading ? { ...unlabeled, reading } : unlabeled, notices };
  } finally {
    await letGo(pool, signal);
  }
}
