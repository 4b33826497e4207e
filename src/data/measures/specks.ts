/** @file Slips of a brush: regions of very few pixels with nothing of their class around them. */

import type { ConnectedRegions, Region } from '../masks/connected-regions.js';
import type { LabelMask } from '../types.js';

/** Regions of at most this share of the image, and of at most this many pixels where that is more, are specks. */
const SPECK_SHARE = 2e-5;
const SPECK_PIXELS = 4;
/** Pixels around a speck in which nothing else may be of its class: what belongs to a leaf or a crowd is no slip. */
const ALONE = 8;

/** Specks that stand alone. */
export function countSpecks(
  { data, width, height }: LabelMask,
  { regions, indices }: ConnectedRegions,
): number {
  const largest = Math.max(SPECK_PIXELS, SPECK_SHARE * data.length);
  const isAlone = ({ label, left, top, right, bottom }: Region, index: number): boolean => {
    for (let y = Math.max(top - ALONE, 0); y < Math.min(bottom + ALONE, height); y++) {
      for (let x = Math.max(left - ALONE, 0); x < Math.min(right + ALONE, width); x++) {
        const at = y * width + x;
        if (data[at] === label && indices[at] !== index) return false;
      }
    }
    return true;
  };
  return regions.filter((region, index) => region.area <= largest && isAlone(region, index)).length;
}
