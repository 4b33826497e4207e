/** @file An image as the trained network will be shown it: whole, sharp, in its own colours. */
import type { Random } from '../../base/random.js';
import { randomFlip } from '../transforms/flip.js';
import { fillInput, type NetworkInput } from '../transforms/normalize.js';
import { resizeImage, resizeMask } from '../transforms/resize.js';
import type { LabeledImage } from '../types.js';

/** What the steps of supervised contrastive training show that compare nothing. */
export const SINGLE_VIEWS = ['first', 'whole'] as const;

/** `first`: the first view, as in the reference; `whole`: the whole image, sharp and in its own colours. */
export type SingleView = (typeof SINGLE_VIEWS)[number];

/**
 * Writes the whole of a sample, which is not changed, into `input`: resized as in validation (aspect ratio not kept), flip
 * (p 0.5), normalisation.
 */
export function writeWhole(
  { image, mask, ...from }: LabeledImage,
  random: Random,
  input: NetworkInput,
): void {
  const size = { width: input.side, height: input.side };
  const whole = { image: resizeImage(image, from, size), mask: resizeMask(mask, from, size), ...size };
  fillInput(randomFlip(whole, random), input);
}
