/** @file Divides one data set into images to learn from and images to validate on. */
import { abortable } from '../../base/abortable.js';
import { OtxError } from '../../base/errors.js';
import { settleDataset } from '../datasets/settle-dataset.js';
import { mapConcurrent } from '../loaders/concurrent.js';
import { acquirePool, DEFAULT_WORKERS, letGo } from '../loaders/pool.js';
import type { Dataset } from '../types.js';
import { groupAlike } from './group-alike.js';
import { type Group, stratify } from './stratify.js';

/** How to divide. */
export interface SplitOptions {
  /** Share of the images to validate on, between 0 and 1; not with `folds`. */
  readonly share?: number | undefined;
  /** Parts of equal size for cross-validation, at least 2, of which `fold` (from 1) is validated on. */
  readonly folds?: number | undefined;
  readonly fold?: number | undefined;
  readonly seed: number;
  /** Data threads. Default 2. */
  readonly workers?: number;
  readonly signal?: AbortSignal | undefined;
}

/** The two parts. */
export interface SplitDataset {
  readonly train: Dataset;
  readonly validation: Dataset;
  /** Groups of images that were kept together; single images count. */
  readonly groups: number;
}

/**
 * Divides a data set so that each class has its share in both parts, while near duplicates and frames of one sequence stay
 * together. Reads every image and mask; those that are damaged are left to {@link verifyDataset}. Equal data and seed give equal
 * parts.
 *
 * @throws OtxError `dataset` where the images do not give two parts; `aborted`.
 */
export async function splitDataset(opened: Dataset, options: SplitOptions): Promise<SplitDataset> {
  const { share = 0.2, folds, fold = 1, seed, workers = DEFAULT_WORKERS, signal } = options;
  const dataset = await settleDataset(opened, { workers, signal });
  const { samples, decodeMask: coding } = dataset;
  const pool = acquirePool(workers);
  const seen = await mapConcurrent(samples, Math.max(2 * pool.workers, 1), (sample) =>
    abortable(pool.run('describeSample', { sample, coding }), signal, 'dividing the data set'),
  ).finally(() => letGo(pool, signal));
  const alike = groupAlike(samples.map(({ id }, i) => ({ id, hash: seen[i]!.hash })));
  const groups = alike.map((images): Group => {
    const shown = new Map<number, number>();
    for (const at of images) for (const cls of seen[at]!.shown) shown.set(cls, (shown.get(cls) ?? 0) + 1);
    return { images: images.length, shown };
  });
  const needed = folds ?? 2;
  if (groups.length < needed) {
    throw new OtxError(
      'dataset',
      `${dataset.root}: its ${samples.length} images are ${groups.length === 1 ? 'all alike' : `${groups.length} groups of alike ones`}` +
        `, which cannot be divided into ${needed} parts; give validation data of its own, or lists`,
    );
  }
  const shares = folds === undefined ? [1 - share, share] : new Array<number>(folds).fill(1 / folds);
  const parts = filled(stratify(groups, shares, seed), groups, shares.length);
  const validated = folds === undefined ? 1 : fold - 1;
  const isValidated = new Set(alike.flatMap((images, i) => (parts[i] === validated ? images : [])));
  const only = (wanted: boolean): Dataset => ({
    ...dataset,
    samples: samples.filter((_, i) => isValidated.has(i) === wanted),
  });
  return { train: only(false), validation: only(true), groups: groups.length };
}

/** No part stays empty: it gets the smallest group of the part that has most of them. */
function filled(parts: readonly number[], groups: readonly Group[], count: number): number[] {
  const dealt = [...parts];
  for (let part = 0; part < count; part++) {
    if (dealt.includes(part)) continue;
    const sizes = Array.from({ length: count }, (_, i) => dealt.filter((each) => each === i).length);
    const richest = sizes.indexOf(Math.max(...sizes));
    const theirs = dealt.flatMap((each, at) => (each === richest ? [at] : []));
    const smallest = theirs.reduce((best, at) => (groups[at]!.images < groups[best]!.images ? at : best));
    dealt[smallest] = part;
  }
  return dealt;
}
