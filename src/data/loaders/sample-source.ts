/** @file What loaders of labeled images share: the order of an epoch, and pixels that are kept for later epochs. */
import { OtxError } from '../../base/errors.js';
import { Random } from '../../base/random.js';
import type { Size } from '../transforms/geometry.js';
import type { LabeledImage } from '../types.js';

/** Memory for decoded images where the caller does not say. */
export const DEFAULT_CACHE_BYTES = 512 * 1024 * 1024;

/** @throws OtxError `usage` naming the first value that is not a positive whole number. */
export function checkCounts(values: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(values)) {
    if (!Number.isInteger(value) || value < 1) {
      throw new OtxError('usage', `${name} is ${value}; expected a positive whole number`);
    }
  }
}

/** Remembers the order of the newest epoch. @param draw default: all of `count` samples shuffled. */
export function orderOfEpochs(
  count: number,
  seed: number,
  draw = (epoch: number): readonly number[] =>
    new Random(`${seed}:${epoch}:order`).shuffle(Array.from({ length: count }, (_, i) => i)),
): (epoch: number) => readonly number[] {
  let newest: { epoch: number; indices: readonly number[] } | undefined;
  return (epoch) => {
    if (newest?.epoch !== epoch) newest = { epoch, indices: draw(epoch) };
    return newest.indices;
  };
}

/** Decoded samples by index, as many of the first ones as fit. */
export interface PixelCache<T> {
  get(index: number): T | undefined;
  /** Whether the sample is to be kept once it is decoded. */
  fits(index: number): boolean;
  set(index: number, pixels: T): void;
  clear(): void;
}

/** Bytes of a decoded image with its mask. */
export const labeledBytes = ({ width, height }: Size): number => 4 * width * height;

/** @param costs bytes that each sample takes. */
export function createPixelCache<T = LabeledImage>(
  costs: readonly number[],
  bytes = DEFAULT_CACHE_BYTES,
): PixelCache<T> {
  let total = 0;
  const first = costs.findIndex((cost) => {
    total += cost;
    return total > bytes;
  });
  const count = first < 0 ? costs.length : first;
  const cached = new Map<number, T>();
  return {
    get: (index) => cached.get(index),
    fits: (index) => index < count,
    set: (index, pixels) => void cached.set(index, pixels),
    clear: () => cached.clear(),
  };
}
