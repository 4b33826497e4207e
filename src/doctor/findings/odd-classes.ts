/** @file Classes that cannot be learned, cannot be scored, or hardly occur. */

import { printableLine } from '../../base/text.js';
import type { DatasetReport } from '../../data/index.js';
import type { Examined, Found } from './finding.js';

/** Of the pixels to learn from: classes below are lost beside the others with plain cross entropy. */
const RARE = 0.005;
/** With fewer images, one that shows a class is not few. */
const FEWEST_IMAGES = 5;

/** @param learned of the images to learn from. @param validated of those to validate on, if there are any of their own. */
export function findOddClasses(
  { images, learned: name }: Examined,
  learned: DatasetReport,
  validated: DatasetReport | undefined,
): Found[] {
  return learned.classes.flatMap(({ name: written, pixels, share, images: shown }, index): Found[] => {
    const cls = printableLine(written);
    const inValidation = validated?.classes[index];
    if (index === 0) return [];
    if (pixels === 0) {
      const elsewhere = inValidation && inValidation.images > 0;
      const where = elsewhere ? `, though ${inValidation.images} images to validate on show it` : '';
      return [
        { kind: 'never-labeled', message: `${cls}: no image to learn from shows it${where}`, images: [] },
      ];
    }
    const found: Found[] = [];
    if (inValidation?.pixels === 0) {
      found.push({
        kind: 'not-validated',
        message: `${cls}: ${count(shown)} to learn from, none to validate on`,
        images: [],
      });
    }
    if (shown === 1 && learned.images >= FEWEST_IMAGES) {
      const only = images.find(({ subset, measures }) => subset === name && measures.pixels[index]! > 0);
      found.push({ kind: 'one-image', message: cls, images: only ? [only] : [] });
    } else if (share < RARE) {
      const percent = Number((100 * share).toPrecision(2));
      found.push({
        kind: 'rare',
        message: `${cls}: ${percent} % of the pixels, in ${count(shown)} of ${learned.images}`,
        images: [],
      });
    }
    return found;
  });
}

const count = (images: number) => `${images} image${images === 1 ? '' : 's'}`;
