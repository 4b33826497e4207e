/** @file The two views of an image that contrastive training compares (Grill et al., BYOL, 2020, appendix B). */
import type { Random } from '../../base/random.js';
import { randomColorJitter } from '../transforms/color-jitter.js';
import { randomFlip } from '../transforms/flip.js';
import { randomBlur } from '../transforms/gaussian-blur.js';
import { toGray } from '../transforms/grayscale.js';
import { fillInput, type NetworkInput } from '../transforms/normalize.js';
import { randomResizedCrop } from '../transforms/resized-crop.js';
import { solarize } from '../transforms/solarize.js';
import type { LabeledImage } from '../types.js';

/** 0 or 1: the first view is always blurred, the second seldom, but now and then solarised. */
export type View = 0 | 1;

const GRAY = 0.2;
const BLUR = [1, 0.1] as const;
const SOLARIZE = [0, 0.2] as const;

/**
 * Writes one view of a sample, which is not changed, into `input`: a random part of the image resized to the whole of it,
 * colour jitter (p 0.8), gray (p 0.2), blur (p 1 in the first view, 0.1 in the second), solarisation (p 0.2 in the second
 * view alone), flip (p 0.5), normalisation. The mask goes through the same geometry, so that a region of the image has the
 * same number in both views.
 *
 * @param sigmaScale what the sigma of blurs is multiplied with. Default 1.
 */
export function writeView(
  sample: LabeledImage,
  view: View,
  random: Random,
  input: NetworkInput,
  sigmaScale = 1,
): void {
  const part = randomResizedCrop(sample, input.side, random);
  randomColorJitter(part.image, random);
  let image = random.chance(GRAY) ? toGray(part.image) : part.image;
  if (random.chance(BLUR[view])) image = randomBlur(image, part, random, sigmaScale);
  if (random.chance(SOLARIZE[view])) solarize(image);
  fillInput(randomFlip({ ...part, image }, random), input);
}
