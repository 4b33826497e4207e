/** @file Fine-tuning with other classes: which images an epoch shows, so that old classes are not forgotten. */

import { OtxError } from '../../base/errors.js';
import { Random } from '../../base/random.js';
import type { DatasetReport } from '../../data/index.js';

/** True when the class lists differ as sets and share more than the background. */
export function isClassIncremental(oldClasses: readonly string[], newClasses: readonly string[]): boolean {
  const [before, after] = [new Set(oldClasses), new Set(newClasses)];
  const shared = [...after].filter((name) => before.has(name)).length;
  return (before.size !== after.size || shared < after.size) && shared > 1;
}

/** Indices of samples with and without a class that is new to the model. */
export interface NewAndOld {
  readonly fresh: readonly number[];
  readonly old: readonly number[];
}

/** Tells images that show a class outside `known` from the others, by what the check of the data has counted. */
export function splitByNovelty(
  { classes, shown }: Pick<DatasetReport, 'classes' | 'shown'>,
  known: readonly string[],
): NewAndOld {
  const isNew = classes.map(({ name }) => !known.includes(name));
  const fresh: number[] = [];
  const old: number[] = [];
  for (const [index, labels] of shown.entries()) {
    (labels.some((label) => isNew[label]) ? fresh : old).push(index);
  }
  return { fresh, old };
}

/**
 * The order of an epoch, as sample indices: draws of one new image and k old ones with replacement, where k is the root of
 * their ratio, about as many images as there are, then random repeats up to a whole number of batches. Without new images
 * all count as new. Depends only on seed and epoch.
 *
 * @throws OtxError `usage` without images.
 */
export function classIncrementalOrder(
  { fresh, old }: NewAndOld,
  { seed, epoch, batchSize }: { readonly seed: number; readonly epoch: number; readonly batchSize: number },
): number[] {
  if (fresh.length + old.length === 0) throw new OtxError('usage', 'an epoch needs at least one image');
  const [one, many] = fresh.length > 0 ? [fresh, old] : [old, []];
  const k = Math.floor(Math.sqrt(many.length / one.length));
  const random = new Random(`${seed}:${epoch}:class-incremental`);
  const pick = (from: readonly number[]) => from[random.integer(from.length)] as number;
  const draws = Math.floor((one.length + many.length) / (1 + k));
  const order = Array.from({ length: draws }, () => [
    pick(one),
    ...Array.from({ length: k }, () => pick(many)),
  ]).flat();
  const missing = (batchSize - (order.length % batchSize)) % batchSize;
  return [...order, ...Array.from({ length: missing }, () => pick(order))];
}

/** For fine-tuning with other classes, how a batch size gives the order of an epoch; otherwise undefined. */
export function samplingOrder(
  report: DatasetReport,
  knownClasses: readonly string[] | null,
  seed: number,
  notice: (message: string) => void,
): ((batchSize: number) => (epoch: number) => readonly number[]) | undefined {
  const names = report.classes.map(({ name }) => name);
  if (!knownClasses || !isClassIncremental(knownClasses, names)) return undefined;
  const split = splitByNovelty(report, knownClasses);
  notice(
    `class-incremental training: ${split.fresh.length} images show new classes, ${split.old.length} only known ones`,
  );
  return (batchSize) => (epoch) => classIncrementalOrder(split, { seed, epoch, batchSize });
}
