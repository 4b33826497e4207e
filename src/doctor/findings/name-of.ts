/** @file How an image is named in what is said of it. */

import { printableLine } from '../../base/text.js';
import type { ExaminedImage } from './finding.js';

/** Subset and name, as a path. */
export const nameOf = ({ subset, sample }: ExaminedImage): string =>
  printableLine(subset === '' ? sample.id : `${subset}/${sample.id}`);
