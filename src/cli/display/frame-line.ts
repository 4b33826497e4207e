/** @file A frame in a line of words. */

import { listSome } from '../../base/text.js';
import type { DemoFrame } from '../../index.js';

/** Classes that are named; more are counted. */
const NAMED = 6;

/** Its name or number, the time that it took, and what it shows, the largest first. */
export function frameLine({ name, index, total, milliseconds, segmentation }: DemoFrame): string {
  const seen = segmentation.classes.filter(({ share }) => share > 0).sort((a, b) => b.share - a.share);
  const words = seen.map((one) => `${one.name} ${(100 * one.share).toFixed(1)} %`);
  const what = total === undefined ? `${name}, frame ${index + 1}` : name;
  return `${what}: ${milliseconds.toFixed(1)} ms; ${listSome(words, NAMED)}`;
}
