/** @file What resizing with interpolation leaves in a mask: between two labels a thin line of labels numbered in between. */

import { IGNORE_INDEX, type LabelMask } from '../types.js';

/** Pixels that such a line is wide at most. */
const THIN = 2;

/** What was counted along all rows and columns. */
export interface InBetween {
  /** Changes from one label to another, not counting ignored pixels. */
  readonly steps: number;
  /** Those of them that lead into a run of one or two pixels whose label lies between those before and after it. */
  readonly inBetween: number;
}

export function inBetween({ data, width, height }: LabelMask): InBetween {
  let [steps, found] = [0, 0];
  const walk = (start: number, stride: number, length: number) => {
    let [before, run, label] = [-1, 0, -1];
    for (let i = 0, at = start; i < length; i++, at += stride) {
      const next = data[at]!;
      if (next === label) {
        run++;
        continue;
      }
      if (label >= 0 && label !== IGNORE_INDEX && next !== IGNORE_INDEX) steps++;
      if (run <= THIN && before >= 0 && next !== IGNORE_INDEX && before !== IGNORE_INDEX) {
        if (label > Math.min(before, next) && label < Math.max(before, next)) found++;
      }
      [before, run, label] = [label, 1, next];
    }
  };
  for (let y = 0; y < height; y++) walk(y * width, 1, width);
  for (let x = 0; x < width; x++) walk(x, width, height);
  return { steps, inBetween: found };
}
