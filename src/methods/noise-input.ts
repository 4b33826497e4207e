/** @file The random numbers of a training step as an input of its graph. */

import type { StepBuilder } from '../engine/step.js';
import type { Shape } from '../graph/index.js';
import { describe, type Segmentor } from '../models/index.js';
import { type NoiseSource, noiseFrom, noiseSize, noNoise } from '../nn/index.js';

/**
 * What a training-mode pass of `model` draws from: the input `name`, float32 [n] of uniform numbers in [0, 1). A model
 * that draws nothing adds no input.
 *
 * @param imagesShape [N, 3, H, W]
 */
export function noiseInput(
  step: StepBuilder,
  name: string,
  model: Segmentor,
  imagesShape: Shape,
): NoiseSource {
  const { noise } = describe(model, imagesShape);
  const size = noiseSize(noise);
  return size === 0 ? noNoise : noiseFrom(step.input(name, 'float32', [size]), noise);
}
