/** @file Decides how the masks of an opened data set are read, from the masks themselves. */
import { abortable } from '../../base/abortable.js';
import { OtxError } from '../../base/errors.js';
import { mapConcurrent } from '../loaders/concurrent.js';
import { acquirePool, DEFAULT_WORKERS, letGo } from '../loaders/pool.js';
import type { MaskEvidence } from '../readings/evidence.js';
import type { ReadingName } from '../readings/names.js';
import { settle } from '../readings/settle.js';
import type { Dataset, ImageReading } from '../types.js';

/** Data that was read already and to which other data belongs. */
export interface BelongsTo {
  /** Readings of its masks that were decided. */
  readonly readings?: readonly ReadingName[] | undefined;
  /** How its images are read. */
  readonly imageReading?: ImageReading | undefined;
}

/** Whether the colours of its masks need not be exact. */
export const isReadInexactly = ({ decodeMask }: Dataset, belongsTo: BelongsTo = {}): boolean =>
  decodeMask.nearest === true || (belongsTo.readings?.includes('nearest-colour') ?? false);

/** The data set with all of its images read alike. */
export function readingImages(dataset: Dataset, reading: ImageReading | undefined): Dataset {
  const samples = dataset.samples.map((sample) => ({ ...sample, reading }));
  return { ...dataset, samples, imageReading: reading };
}

/**
 * The data set with nothing left open, or as it is where no reading fits all masks.
 *
 * @param masks of its samples in any order; without those that cannot be decoded.
 * @throws OtxError `dataset` where several readings fit that differ.
 */
export function settleWith(
  dataset: Dataset,
  masks: readonly MaskEvidence[],
  belongsTo: BelongsTo = {},
): { readonly dataset: Dataset; readonly fits: boolean } {
  const { open, root } = dataset;
  if (!open || masks.length === 0) return { dataset, fits: true };
  const { declared: readings, assumed } = open;
  const settled = settle({ root, readings, masks, assumed, preferred: belongsTo.readings ?? [] });
  const { classes, coding, chosen, notices, fits, proposedMeta } = settled;
  // What was said of the reading that was likeliest is not true of another one.
  const others = dataset.notices.filter((notice) => !readings[0]!.notices.includes(notice));
  const decided = {
    ...dataset,
    classes,
    decodeMask: coding,
    notices: [...notices, ...others],
    ...(proposedMeta ? { proposedMeta } : {}),
  };
  return {
    dataset: { ...decided, open: undefined, readings: [...(dataset.readings ?? []), ...chosen] },
    fits,
  };
}

/** How masks are looked at, and what the data belongs to. */
export interface SettleDatasetOptions extends BelongsTo {
  /** Data threads; 0 works in the calling thread. Default 2. */
  readonly workers?: number;
  /** Stops it. */
  readonly signal?: AbortSignal | undefined;
}

/** The data set with its classes settled, where the readings that are open differ in them; else as it is. */
export async function settleClasses(dataset: Dataset, options: SettleDatasetOptions = {}): Promise<Dataset> {
  const lists = new Set(dataset.open?.declared.map(({ classes }) => JSON.stringify(classes)));
  return lists.size > 1 ? settleDataset(dataset, options) : dataset;
}

/**
 * The data set with nothing left open in how its masks are read, or as it is where no reading fits all masks. Where something is open, its
 * masks are decoded; those that cannot be are passed over.
 *
 * @throws OtxError `dataset` where several readings fit that differ, `aborted` when the signal fires.
 */
export async function settleDataset(
  dataset: Dataset,
  { workers = DEFAULT_WORKERS, signal, readings }: SettleDatasetOptions = {},
): Promise<Dataset> {
  if (!dataset.open) return dataset;
  const lossy = isReadInexactly(dataset, { readings });
  const pool = acquirePool(workers);
  try {
    const found = await mapConcurrent(
      dataset.samples,
      Math.max(2 * pool.workers, 1),
      async ({ maskPath }) => {
        const task = pool
          .run('lookAtMask', { maskPath, lossy })
          .catch((error: unknown) => (error instanceof OtxError ? undefined : Promise.reject(error)));
        return abortable(task, signal, 'reading masks');
      },
    );
    return settleWith(
      dataset,
      found.flatMap((evidence) => evidence ?? []),
      { readings },
    ).dataset;
  } finally {
    await letGo(pool, signal);
  }
}
