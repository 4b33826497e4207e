/** @file How good each image of an evaluation is, and the worst ones for a sheet. */

import { reduceScored, type ScoredPrediction } from '../drawing/sheets/worst-sheet.js';
import { ConfusionMatrix } from '../runs/metrics.js';
import type { ScoredImage } from './validate.js';

/** Scores of one image as fractions, at its original size; `NaN` when all its pixels are ignored. */
export interface ImageScore {
  /** Path below the folder of images, without extension. */
  readonly name: string;
  /** The image file. */
  readonly image: string;
  /** Mean Dice over the classes that occur in its mask or in the prediction, background included. */
  readonly mDice: number;
  /** Share of its pixels that are right. */
  readonly accuracy: number;
}

export interface ImageScoresOptions {
  /** Of the model, background included. */
  readonly classes: number;
  /** Indices of the classes that take part. */
  readonly scored: readonly number[];
  /** How many of the worst images are kept, reduced to the size of a sheet. */
  readonly kept: number;
}

/** Collects the scores of images; of pixels only those of the worst are kept, so that memory does not grow with their number. */
export class ImageScores {
  /** In the order in which they were added. */
  readonly all: ImageScore[] = [];
  /** The lowest mean Dice first; of equal ones what was added first. Images without a score come last. */
  readonly worst: ScoredPrediction[] = [];

  constructor(private readonly options: ImageScoresOptions) {}

  add(image: ScoredImage): void {
    const { classes, scored, kept } = this.options;
    const matrix = new ConfusionMatrix(classes);
    matrix.add(image.truth, image.prediction);
    const { mDice, aAcc: accuracy } = matrix.summary(scored);
    this.all.push({ name: image.sample.id, image: image.sample.imagePath, mDice, accuracy });
    const place = this.worst.findIndex((other) => rank(other.mDice) > rank(mDice));
    const at = place < 0 ? this.worst.length : place;
    if (at >= kept) return;
    this.worst.splice(at, 0, reduceScored({ ...image, mDice, accuracy }));
    this.worst.splice(kept);
  }
}

const rank = (mDice: number): number => (Number.isNaN(mDice) ? Number.POSITIVE_INFINITY : mDice);
