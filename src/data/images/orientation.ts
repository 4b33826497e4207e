/** @file Where EXIF orientations put the pixels of a picture. */

/**
 * Position in the stored picture, row by row, of the pixel (x, y) of the upright one.
 *
 * @param orientation EXIF, 1 to 8: 3 is a half turn, 6 a quarter turn clockwise, 8 one counter-clockwise, 2, 4, 5 and 7
 * are mirrored.
 * @param width of the stored picture.
 */
export function storedAt(orientation: number, x: number, y: number, width: number, height: number): number {
  const [right, bottom] = [width - 1, height - 1];
  switch (orientation) {
    case 2:
      return y * width + right - x;
    case 3:
      return (bottom - y) * width + right - x;
    case 4:
      return (bottom - y) * width + x;
    case 5:
      return x * width + y;
    case 6:
      return (bottom - x) * width + y;
    case 7:
      return (bottom - x) * width + right - y;
    case 8:
      return x * width + right - y;
    default:
      return y * width + x;
  }
}
