/** @file Two views of an unlabeled image: the weak one for the teacher, the strong one for the student. */
import type { Random } from '../../base/random.js';
import { scaleBase } from '../augmentation.js';
import { cutOut, drawHoles } from '../transforms/cut-out.js';
import { toGray } from '../transforms/grayscale.js';
import { fillLabels, fillPlanes } from '../transforms/normalize.js';
import { photometricDistortion } from '../transforms/photometric-distortion.js';
import { drawSquareSize } from '../transforms/random-scale.js';
import { randomRotateSample } from '../transforms/rotate-sample.js';
import type { DecodedImage, LabeledImage } from '../types.js';
import { randomPart } from './random-part.js';

/** Probability of photometric distortion in the strong view; otherwise it is made gray. */
const DISTORT = 0.7;

export interface ViewPlanes {
  /** `[3, side, side]`, normalised RGB, zero before. */
  readonly weak: Float32Array;
  /** Like `weak`. */
  readonly strong: Float32Array;
  /** `[side, side]`: 0 where there is image, {@link IGNORE_INDEX} where there is padding. */
  readonly padding: Uint8Array;
  readonly side: number;
}

/**
 * Writes both views of an image, which is not changed. They share their geometry, so that a prediction on one can be
 * compared with one on the other pixel by pixel: random scale (aspect ratio not kept), crop, flip, rotation. The
 * strong view alone is then distorted photometrically (p 0.7) or made gray (p 0.3), and cut out. Padding has the mean colour, as
 * that of labeled images has; black, as in the reference, would move the statistics of the network.
 */
export function makeViews(source: DecodedImage, random: Random, planes: ViewPlanes): void {
  const { weak, strong, padding, side } = planes;
  const square = { width: side, height: side };
  const part = randomGeometry(source, side, random);
  fillLabels(part.mask, part, padding, side);
  const view = onCanvas(part, side);
  fillPlanes(view, square, weak, side);
  const changed = strengthened(view, side, random);
  fillPlanes(changed, square, strong, side);
  for (const planes of [weak, strong]) clearPadding(planes, padding);
}

function clearPadding(planes: Float32Array, padding: Uint8Array): void {
  const area = padding.length;
  for (let at = 0; at < area; at++) {
    if (padding[at] === 0) continue;
    for (let channel = 0; channel < 3; channel++) planes[channel * area + at] = 0;
  }
}

function randomGeometry(source: DecodedImage, side: number, random: Random): LabeledImage {
  const size = drawSquareSize(source, scaleBase(side), random);
  return randomRotateSample(randomPart(source, size, side, random), random);
}

/** The image in the upper left corner of a black square. */
function onCanvas({ image, width, height }: LabeledImage, side: number): Uint8Array {
  const canvas = new Uint8Array(3 * side * side);
  for (let y = 0; y < height; y++) {
    canvas.set(image.subarray(3 * y * width, 3 * (y + 1) * width), 3 * y * side);
  }
  return canvas;
}

/** A new image: neither colour operation works in place, so that the cut-out never reaches the weak view. */
function strengthened(view: Uint8Array, side: number, random: Random): Uint8Array {
  const size = { width: side, height: side };
  const sample = { image: view, mask: new Uint8Array(side * side), ...size };
  const changed = random.chance(DISTORT) ? photometricDistortion(sample, random).image : toGray(view);
  cutOut(changed, size, drawHoles(size, random));
  return changed;
}
