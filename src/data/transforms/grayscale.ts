/** @file Colour to gray, kept in three channels. */

/** Weights of red, green and blue (ITU-R BT.601) out of 2¹⁶; they add up to it, so that gray stays as it is. */
const RED = 19595;
const GREEN = 38470;
const BLUE = 7471;

/** 0.299 R + 0.587 G + 0.114 B, rounded. */
export function grayOf(red: number, green: number, blue: number): number {
  return (RED * red + GREEN * green + BLUE * blue + 0x8000) >> 16;
}

/** A copy of an HWC RGB image whose three channels all hold the gray of the pixel. */
export function toGray(image: Uint8Array): Uint8Array {
  const gray = new Uint8Array(image.length);
  for (let at = 0; at < image.length; at += 3) {
    gray.fill(grayOf(image[at]!, image[at + 1]!, image[at + 2]!), at, at + 3);
  }
  return gray;
}
