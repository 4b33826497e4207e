/** @file Turns and mirrors class maps as EXIF orientations say. */
import { storedAt } from '../images/orientation.js';
import type { LabelMask } from '../types.js';

/** The orientation that undoes one: of quarter turns the other, all others undo themselves. */
export const undoing = (orientation: number): number =>
  orientation === 6 ? 8 : orientation === 8 ? 6 : orientation;

/** The mask of stored pixels as it lies on the upright picture. @param orientation EXIF, 1 to 8 */
export function turned(mask: LabelMask, orientation: number): LabelMask {
  if (orientation <= 1 || orientation > 8) return mask;
  const { data, width, height } = mask;
  const [w, h] = orientation >= 5 ? [height, width] : [width, height];
  const out = new Uint8Array(data.length);
  for (let y = 0, to = 0; y < h; y++) {
    for (let x = 0; x < w; x++, to++) out[to] = data[storedAt(orientation, x, y, width, height)]!;
  }
  return { data: out, width: w, height: h };
}
