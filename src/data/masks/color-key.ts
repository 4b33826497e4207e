/** @file Colours as single integers, for maps and fast comparison. */

/** One integer per 8-bit colour. */
export function colorKey(red: number, green: number, blue: number): number {
  return (red << 16) | (green << 8) | blue;
}
