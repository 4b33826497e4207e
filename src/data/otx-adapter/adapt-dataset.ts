/** @file Opens a data set the way the reference does by default: masks go through polygons, and images without one go. */
import { abortable } from '../../base/abortable.js';
import { OtxError } from '../../base/errors.js';
import { listSome } from '../datasets/problems.js';
import { mapConcurrent } from '../loaders/concurrent.js';
import { acquirePool, DEFAULT_WORKERS, letGo } from '../loaders/pool.js';
import type { Dataset } from '../types.js';

/** How masks are read that have to be looked at. */
export interface AdaptOptions {
  /** Data threads; 0 works in the calling thread. Default 2. */
  readonly workers?: number;
  /** Stops it. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * The data set with {@link redrawAsPolygons} applied to every mask that is read, and without the samples that show nothing
 * then. Decodes all masks; those that cannot be decoded stay, so that {@link verifyDataset} can list them.
 * @throws OtxError `dataset` when no sample is left, `aborted` when the signal fires.
 */
export async function adaptDataset(dataset: Dataset, options: AdaptOptions = {}): Promise<Dataset> {
  const coding = { ...dataset.decodeMask, useOtxAdapter: true };
  const pool = acquirePool(options.workers ?? DEFAULT_WORKERS);
  try {
    const kept = await mapConcurrent(dataset.samples, Math.max(2 * pool.workers, 1), async (sample) => {
      const task = pool
        .run('hasForeground', { sample, coding })
        .catch((error: unknown) => error instanceof OtxError || Promise.reject(error));
      return abortable(task, options.signal, 'reading masks as polygons');
    });
    const samples = dataset.samples.filter((_, i) => kept[i]);
    const dropped = dataset.samples.filter((_, i) => !kept[i]).map(({ id }) => id);
    if (samples.length === 0) {
      throw new OtxError(
        'dataset',
        `${dataset.root}: none of the ${dropped.length} masks has a region large enough for a polygon; ` +
          'leave use_otx_adapter off to use the masks as they are',
      );
    }
    const notices = [
      ...dataset.notices,
      'use_otx_adapter is on: masks were turned into polygons and drawn again (holes filled, thin parts lost, ignored ' +
        'pixels background), so that scores are not those of public benchmarks',
    ];
    if (dropped.length > 0) {
      notices.push(
        `left out, since their masks give no polygon: ${dropped.length} images (${listSome(dropped)})`,
      );
    }
    return { ...dataset, samples, decodeMask: coding, notices };
  } finally {
    await letGo(pool, options.signal);
  }
}
