/** @file Mixing: one image made of two differently distorted copies under a smooth random mask (OTX `MaskCompose`). */
import type { Random } from '../../base/random.js';
import type { LabeledImage } from '../types.js';
import { distortPixels, drawDistortion } from './photometric-distortion.js';
import { SMALLEST_SIGMA, smoothMask } from './smooth-mask.js';

/** How often a second copy is mixed in; otherwise the first one is taken whole. */
const PROBABILITY = 0.5;
/** The mask's blur is exp(log10(lambda)) pixels, lambda from U(4, 16): blobs of sigma 1.83 to 3.33. */
const LAMBDA = [4, 16] as const;

/**
 * Distorts the image photometrically; with probability 0.5 a second, independent distortion takes over half of the
 * pixels, in blobs of a few pixels. Places do not move, so the mask of classes is unchanged.
 *
 * @param sigmaScale what the sigma of the blobs is multiplied with, as far as masks can be made. Default 1.
 */
export function maskCompose(sample: LabeledImage, random: Random, sigmaScale = 1): LabeledImage {
  const { image, mask } = sample;
  const mixed = new Uint8Array(image.length);
  const main = drawDistortion(random);
  if (!random.chance(PROBABILITY)) {
    distortPixels(image, mixed, main, 0, mask.length);
    return { ...sample, image: mixed };
  }
  const other = drawDistortion(random);
  const sigma = sigmaScale * Math.exp(Math.log10(random.range(...LAMBDA)));
  const choice = smoothMask(sample, Math.max(sigma, SMALLEST_SIGMA), random);
  // Each pixel is needed from one copy only, so neither copy is ever made whole.
  for (let start = 0; start < choice.length; ) {
    const chosen = choice[start]!;
    let end = start + 1;
    while (end < choice.length && choice[end] === chosen) end++;
    distortPixels(image, mixed, chosen ? main : other, start, end);
    start = end;
  }
  return { ...sample, image: mixed };
}
