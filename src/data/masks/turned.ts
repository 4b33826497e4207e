/** @file Turns and mirrors class maps as EXIF orientations say. */
import type { LabelMask } from '../types.js';

/**
 * The mask of stored pixels as it lies on the upright picture.
 *
 * @param orientation EXIF, 1 to 8: 3 is a half turn, 6 a quarter turn clockwise, 8 one counter-clockwise, 2, 4, 5 and 7
 * are mirrored.
 */
export function turned(mask: LabelMask, orientation: number): LabelMask {
  if (orientation <= 1 || orientation > 8) return mask;
  const { data, width, height } = mask;
  const isSwapped = orientation >= 5;
  const [w, h] = isSwapped ? [height, width] : [width, height];
  const out = new Uint8Array(data.length);
  for (let y = 0, to = 0; y < h; y++) {
    for (let x = 0; x < w; x++, to++) {
      const [fromX, fromY] = stored(orientation, x, y, width, height);
      out[to] = data[fromY * width + fromX]!;
    }
  }
  return { data: out, width: w, height: h };
}

/** Where the pixel (x, y) of the upright picture is stored. */
function stored(orientation: number, x: number, y: number, width: number, height: number): [number, number] {
  const [right, bottom] = [width - 1, height - 1];
  switch (orientation) {
    case 2:
      return [right - x, y];
    case 3:
      return [right - x, bottom - y];
    case 4:
      return [x, bottom - y];
    case 5:
      return [y, x];
    case 6:
      return [y, bottom - x];
    case 7:
      return [right - y, bottom - x];
    default:
      return [right - y, x];
  }
}
