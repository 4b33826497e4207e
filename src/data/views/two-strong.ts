/**
 * @file Three views of an unlabeled image for weak-to-strong consistency (UniMatch, https://arxiv.org/abs/2208.09910): a weak
 * one for the teacher, two strong ones for the student.
 */
import type { Random } from '../../base/random.js';
import { scaleBase } from '../augmentation.js';
import { type JitterRange, randomColorJitter } from '../transforms/color-jitter.js';
import { randomBlur } from '../transforms/gaussian-blur.js';
import { toGray } from '../transforms/grayscale.js';
import { fillInput, fillPlanes } from '../transforms/normalize.js';
import { drawScaledSize } from '../transforms/random-scale.js';
import type { DecodedImage, LabeledImage } from '../types.js';
import { randomPart } from './random-part.js';

const JITTER: JitterRange = { brightness: 0.5, contrast: 0.5, saturation: 0.5, hue: 0.25 };
const GRAY = 0.2;
const BLUR = 0.5;

export interface TwoStrongPlanes {
  /** `[3, side, side]`, normalised RGB, zero before. */
  readonly weak: Float32Array;
  /** Two like `weak`. */
  readonly strong: readonly [Float32Array, Float32Array];
  /** `[side, side]`: 0 where there is image, {@link IGNORE_INDEX} where there is padding. */
  readonly padding: Uint8Array;
  readonly side: number;
}

/**
 * Writes the views of an image, which is not changed. They share their geometry: random scale (aspect ratio kept), crop, flip.
 * Each strong view has colours of its own: brightness, contrast and saturation x U(0.5, 1.5), hue + U(-0.25, 0.25) of the circle
 * (p 0.8), gray (p 0.2), blur (p 0.5). Padding has the mean colour.
 *
 * @param sigmaScale what the sigma of blurs is multiplied with. Default 1.
 */
export function makeTwoStrong(
  source: DecodedImage,
  random: Random,
  planes: TwoStrongPlanes,
  sigmaScale = 1,
): void {
  const { weak, strong, padding, side } = planes;
  const part = randomPart(source, drawScaledSize(source, scaleBase(side), random), side, random);
  fillInput(part, { planes: weak, labels: padding, side });
  for (const view of strong) fillPlanes(strengthened(part, random, sigmaScale), part, view, side);
}

function strengthened(part: LabeledImage, random: Random, sigmaScale: number): Uint8Array {
  const image = part.image.slice();
  randomColorJitter(image, random, JITTER);
  const colored = random.chance(GRAY) ? toGray(image) : image;
  return random.chance(BLUR) ? randomBlur(colored, part, random, sigmaScale) : colored;
}
