/** @file A random part of an image without labels, at a size that was drawn for it. */
import type { Random } from '../../base/random.js';
import { randomFlip } from '../transforms/flip.js';
import type { Size } from '../transforms/geometry.js';
import { drawWindow } from '../transforms/random-crop.js';
import { resizeImage } from '../transforms/resize.js';
import type { DecodedImage, LabeledImage } from '../types.js';

/**
 * The image resized to `size`, of which at most `side` x `side` pixels are cut out, mirrored half the time. The rule that avoids crops
 * of one class needs labels; without them it would always end in an arbitrary crop.
 */
export function randomPart(source: DecodedImage, size: Size, side: number, random: Random): LabeledImage {
  const window = drawWindow(size, side, random);
  const crop = {
    image: resizeImage(source.data, source, size, window),
    mask: new Uint8Array(window.width * window.height),
    width: window.width,
    height: window.height,
  };
  return randomFlip(crop, random);
}
