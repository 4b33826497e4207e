/** @file What loaders of labeled images share: the order of an epoch, and pixels that are kept for later epochs. */
import { OtxError } from '../base/errors.js';
import { Random } from '../base/random.js';
import type { LabeledImage } from './types.js';

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
export interface PixelCache {
  get(index: number): LabeledImage | undefined;
  /** Whether the sample is to be kept once it is decoded. */
  fits(index: number): boolean;
  set(index: number, pixels: LabeledImage): void;
  clear(): void;
}

/** @param sizes of the images; image and mask take 4 bytes per pixel. */
export function createPixelCache(
  sizes: readonly { readonly width: number; readonly height: number }[],
  bytes = DEFAULT_CACHE_BYTES,
): PixelCache {
  let total = 0;
  const first = sizes.findIndex(({ width, height }) => {
    total += 4 * width * height;
    return total > bytes;
  });
  const count = first < 0 ? sizes.length : first;
  const cached = new Map<number, LabeledImage>();
  return {
    get: (index) => cached.get(index),
    fits: (index) => index < count,
    set: (index, pixels) => void cached.set(index, pixels),
    clear: () => cached.clear(),
  };
}
