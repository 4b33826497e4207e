/** @file How large the objects of a data set are: connected regions of its masks, by class. */

import { throwIfAborted } from '../../base/abortable.js';
import { Random } from '../../base/random.js';
import { type Dataset, readLabels, type Sample } from '../../data/index.js';
import { connectedRegions } from '../../data/masks/connected-regions.js';

/** What is looked at, so that a large data set takes no longer than a small one. */
const MOST_IMAGES = 200;
const MOST_PIXELS = 400e6;
/** Fewer pixels than this are slips of a brush or what anti-aliasing left. */
const SPECK = 4;
/** Part of a class's pixels that may lie in smaller regions than the one that is told. */
const SMALL_PART = 0.25;

/** The regions of one class. */
export interface ObjectSizes {
  /** Regions in the images that were looked at. */
  readonly regions: number;
  /**
   * A quarter of the pixels of the class lies in regions smaller than this: their side as a share of that of the image (the root of
   * the area, or where that is less the shorter side of the box around). Multiplied by the side of a network input it is the
   * side there. NaN for a class without regions.
   */
  readonly smallSide: number;
}

/** Of all classes, by index. */
export interface MeasuredObjects {
  /** How many images were looked at. */
  readonly images: number;
  readonly classes: readonly ObjectSizes[];
}

/**
 * Measures the regions of some images, drawn by the seed.
 *
 * @param dataset with nothing left open on how its masks are read.
 * @throws OtxError `image` for a mask that cannot be read, `aborted`.
 */
export async function measureObjects(
  { samples, classes, decodeMask }: Dataset,
  { seed, signal }: { readonly seed: number; readonly signal?: AbortSignal | undefined },
): Promise<MeasuredObjects> {
  const found = classes.map((): Measured[] => []);
  const chosen = some(samples, seed);
  for (const sample of chosen) {
    throwIfAborted(signal, 'objects were measured');
    const { data, width, height } = await readLabels(sample, decodeMask);
    for (const { label, area, left, top, right, bottom } of connectedRegions(data, width).regions) {
      if (area < SPECK) continue;
      const box = Math.min((right - left) / width, (bottom - top) / height);
      const share = area / (width * height);
      found[label]?.push({ share, side: Math.min(Math.sqrt(share), box) });
    }
  }
  return {
    images: chosen.length,
    classes: found.map((all) => ({ regions: all.length, smallSide: smallSideOf(all) })),
  };
}

interface Measured {
  readonly share: number;
  readonly side: number;
}

function some(samples: readonly Sample[], seed: number): readonly Sample[] {
  const drawn = new Random(`${seed}:objects`).shuffle(samples).slice(0, MOST_IMAGES);
  let pixels = 0;
  return drawn.filter(({ width, height }, i) => {
    pixels += width * height;
    return i === 0 || pixels <= MOST_PIXELS;
  });
}

function smallSideOf(regions: readonly Measured[]): number {
  const sorted = [...regions].sort((a, b) => a.side - b.side);
  const wanted = SMALL_PART * sorted.reduce((sum, { share }) => sum + share, 0);
  let sum = 0;
  for (const { share, side } of sorted) {
    sum += share;
    if (sum >= wanted) return side;
  }
  return Number.NaN;
}
