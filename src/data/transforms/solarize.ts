/** @file Solarisation: bright pixels become their own negative. */

const THRESHOLD = 128;

/** Turns values of 128 and above into 255 minus themselves, in place. */
export function solarize(image: Uint8Array): void {
  for (let i = 0; i < image.length; i++) if (image[i]! >= THRESHOLD) image[i] = 255 - image[i]!;
}
