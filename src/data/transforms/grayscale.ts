/** @file Colour to gray, kept in three channels. */

/** Weights of red, green and blue (ITU-R BT.601) out of 2¹⁶; they add up to it, so that gray stays as it is. */
const RED = 19595;
const GREEN = 38470;
const BLUE = 7471;

/** A copy of an HWC RGB image whose three channels all hold 0.299 R + 0.587 G + 0.114 B, rounded. */
export function toGray(image: Uint8Array): Uint8Array {
  const gray = new Uint8Array(image.length);
  for (let at = 0; at < image.length; at += 3) {
    const value = (RED * image[at]! + GREEN * image[at + 1]! + BLUE * image[at + 2]! + 0x8000) >> 16;
    gray.fill(value, at, at + 3);
  }
  return gray;
}
