/** @file The files of an evaluation: scores as tables, and pictures of what went wrong. */

import { join } from 'node:path';
import { csvText, sixDigits } from '../base/csv.js';
import type { Outputs } from '../base/outputs/outputs.js';
import type { ClassInfo } from '../data/index.js';
import { drawConfusion } from '../drawing/charts/confusion.js';
import { encodePng } from '../drawing/overlay.js';
import { drawWorst, type ScoredPrediction } from '../drawing/sheets/worst-sheet.js';
import type { ConfusionMatrix, SegmentationMetrics } from '../runs/metrics.js';
import type { ImageScore } from './image-scores.js';

/** Paths of the files of an evaluation. */
export interface EvaluationFiles {
  /** `performance.json`: the Dice average without background. */
  readonly performance: string;
  /** `eval_classes.csv`: Dice, IoU, recall, precision and true pixels of each class. */
  readonly classScores: string;
  /** `eval_images.csv`: mean Dice and pixel accuracy of each image. */
  readonly imageScores: string;
  /** `eval_confusion.csv`: how many pixels of each true class, a row each, were taken for each class of the model. */
  readonly confusion: string;
  /** `eval_confusion.png`: the same, drawn as shares of the true pixels. */
  readonly confusionChart: string;
  /** `eval_worst.png`: the images of lowest mean Dice, with their masks, the predictions and the pixels that differ. */
  readonly worstImages: string;
}

/** Their names. Those of a training in the same folder are others. */
export const EVALUATION_FILES: EvaluationFiles = {
  performance: 'performance.json',
  classScores: 'eval_classes.csv',
  imageScores: 'eval_images.csv',
  confusion: 'eval_confusion.csv',
  confusionChart: 'eval_confusion.png',
  worstImages: 'eval_worst.png',
};

/** All that is written. */
export interface Evaluation {
  readonly diceAverage: number;
  readonly metrics: SegmentationMetrics;
  /** Counts between the classes of the model. */
  readonly matrix: ConfusionMatrix;
  /** Classes of the model. */
  readonly classes: readonly ClassInfo[];
  /** Index of each class of the metrics. */
  readonly scored: readonly number[];
  readonly images: readonly ImageScore[];
  /** At least one. */
  readonly worst: readonly ScoredPrediction[];
}

/**
 * Writes the files, those first that matter most.
 *
 * @throws OtxError `output` when one cannot be written, `image` when a photograph can no longer be read.
 */
export async function writeEvaluation(outputs: Outputs, evaluation: Evaluation): Promise<void> {
  const { diceAverage, metrics, matrix, classes, scored, images, worst } = evaluation;
  const files = EVALUATION_FILES;
  await outputs.write(files.performance, `${JSON.stringify({ 'Dice Average': diceAverage }, null, 2)}\n`);
  const names = scored.map((index) => classes[index]!.name);
  await outputs.write(files.classScores, classTable(metrics, precisions(matrix, scored), names));
  await outputs.write(files.imageScores, imageTable(images));
  await outputs.write(files.confusion, confusionTable(matrix, classes));
  const caption = `share of the true pixels, ${images.length} images, mDice ${metrics.mDice.toFixed(4)}`;
  await outputs.write(files.confusionChart, await drawConfusion(matrix, classes, caption));
  await outputs.write(files.worstImages, await encodePng(await drawWorst(worst, classes)));
}

/** The files in a folder. */
export function evaluationFiles(folder: string): EvaluationFiles {
  const paths = Object.entries(EVALUATION_FILES).map(([key, name]) => [key, join(folder, name)]);
  return Object.fromEntries(paths) as EvaluationFiles;
}

/** Share of the pixels predicted as a class that are of it; NaN for a class that is never predicted. */
function precisions(matrix: ConfusionMatrix, scored: readonly number[]): number[] {
  const { intersection, predicted } = matrix.areas();
  return scored.map((index) => intersection[index]! / predicted[index]!);
}

function classTable(
  { perClass }: SegmentationMetrics,
  precision: readonly number[],
  names: readonly string[],
): string {
  return csvText([
    ['class', 'Dice', 'IoU', 'recall', 'precision', 'pixels'],
    ...perClass.map(({ dice, iou, acc, pixels }, index) => [
      names[index],
      ...[dice, iou, acc, precision[index]].map(sixDigits),
      pixels,
    ]),
  ]);
}

function imageTable(images: readonly ImageScore[]): string {
  return csvText([
    ['image', 'mDice', 'accuracy'],
    ...images.map(({ name, mDice, accuracy }) => [name, sixDigits(mDice), sixDigits(accuracy)]),
  ]);
}

function confusionTable(matrix: ConfusionMatrix, classes: readonly ClassInfo[]): string {
  const names = classes.map(({ name }) => name);
  const counts = (row: number) => matrix.counts.subarray(row * matrix.classes, (row + 1) * matrix.classes);
  return csvText([['truth', ...names], ...names.map((name, row) => [name, ...counts(row)])]);
}
