/** @file Random horizontal flip. */
import type { Random } from '../../base/random.js';
import type { LabeledImage } from '../types.js';

const PROBABILITY = 0.5;

/** Mirrors image and mask left to right with probability 0.5. */
export function randomFlip(sample: LabeledImage, random: Random): LabeledImage {
  return random.chance(PROBABILITY) ? flipHorizontal(sample) : sample;
}

/** Mirrors image and mask left to right. */
export function flipHorizontal({ image, mask, width, height }: LabeledImage): LabeledImage {
  const flippedImage = new Uint8Array(image.length);
  const flippedMask = new Uint8Array(mask.length);
  for (let y = 0, at = 0; y < height; y++) {
    for (let from = (y + 1) * width - 1; at < (y + 1) * width; at++, from--) {
      flippedMask[at] = mask[from]!;
      flippedImage[3 * at] = image[3 * from]!;
      flippedImage[3 * at + 1] = image[3 * from + 1]!;
      flippedImage[3 * at + 2] = image[3 * from + 2]!;
    }
  }
  return { image: flippedImage, mask: flippedMask, width, height };
}
