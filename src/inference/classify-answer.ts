/** @file What a model from elsewhere says of an image, if it can be that: its file may hold anything. */

import type { Size } from '../data/transforms/geometry.js';
import { type AnswerOf, type Classified, classify } from './class-map.js';

/**
 * The classes of an image by the output of a model; undefined where these are no numbers that a network for these classes gives.
 *
 * @param data the values of the output, [classes, H, W] of the input.
 */
export function classifyAnswer(
  data: unknown,
  of: AnswerOf,
  size: Size,
  wantsProbabilities: boolean,
): Classified | undefined {
  const count = of.classes.length * of.inputSize.width * of.inputSize.height;
  if (!(data instanceof Float32Array) || data.length !== count) return undefined;
  const isSensible = of.scale === 'probabilities' ? areProbabilities(data) : areFinite(data);
  return isSensible ? classify(data, of, size, wantsProbabilities) : undefined;
}

function areFinite(values: Float32Array): boolean {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i]!)) return false;
  return true;
}

function areProbabilities(values: Float32Array): boolean {
  // With some room for rounding; what is no number is no probability either.
  for (let i = 0; i < values.length; i++) if (!(values[i]! >= 0 && values[i]! <= 1.001)) return false;
  return true;
}
