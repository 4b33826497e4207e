/** @file What a model from elsewhere says of an image, if it can be that: its file may hold anything. */

import type { Size } from '../data/transforms/geometry.js';
import { type AnswerOf, type Classified, classify } from './class-map.js';
import { type FileForm, sureOf } from './file-form.js';

/**
 * The classes of an image by the output of a model; undefined where these are no numbers that a network for these classes gives.
 *
 * @param data the values of the output: [classes, H, W] of the input, or [H, W] of labels.
 */
export function classifyAnswer(
  data: unknown,
  of: AnswerOf & Pick<FileForm, 'output'>,
  size: Size,
  wantsProbabilities: boolean,
): Classified | undefined {
  const found = of.output === 'labels' ? votesOf(data, of) : planesOf(data, of);
  const scale = of.output === 'labels' ? 'probabilities' : of.scale;
  return found && classify(found, { ...of, scale }, size, wantsProbabilities);
}

function votesOf(data: unknown, { classes, inputSize }: AnswerOf): Float32Array | undefined {
  const count = inputSize.width * inputSize.height;
  return data instanceof Uint8Array && data.length === count ? sureOf(data, classes.length) : undefined;
}

function planesOf(data: unknown, { classes, inputSize, scale }: AnswerOf): Float32Array | undefined {
  const count = classes.length * inputSize.width * inputSize.height;
  if (!(data instanceof Float32Array) || data.length !== count) return undefined;
  return (scale === 'probabilities' ? areProbabilities(data) : areFinite(data)) ? data : undefined;
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
