/** @file Scores of a segmentation from a streaming confusion matrix, so that memory does not grow with the validation set. */

import { OtxError } from '../base/errors.js';
import { IGNORE_INDEX } from '../base/ignore-index.js';
import { displayWidth, padded, shortened } from '../base/text.js';

/** Columns for the name of a class in a table, where there is room. */
const MOST_NAME_COLUMNS = 32;
const FEWEST_NAME_COLUMNS = 8;
const USUAL_COLUMNS = 80;
/** Between cells. */
const GAP = '  ';

/** Scores of one class as fractions; `NaN` where the denominator is zero. */
export interface ClassMetrics {
  /** Dice: 2·TP / (2·TP + FP + FN). */
  dice: number;
  /** Intersection over union: TP / (TP + FP + FN). */
  iou: number;
  /** Share of the class's true pixels that were predicted as it (recall). */
  acc: number;
  /** Truth pixels of the class, ignored ones excluded. */
  pixels: number;
}

/**
 * Scores over all pixels seen, as unrounded fractions. The means run over all classes *including background* and skip
 * classes whose score is `NaN`; they are `NaN` themselves if nothing was seen.
 */
export interface SegmentationMetrics {
  /** Mean Dice. */
  mDice: number;
  /** Mean intersection over union. */
  mIoU: number;
  /** Mean of the recalls. */
  mAcc: number;
  /** Share of all pixels that are right. */
  aAcc: number;
  /** By class index, background first. */
  perClass: ClassMetrics[];
}

/** Counts of (truth, prediction) pairs; its size depends on the number of classes only. */
export class ConfusionMatrix {
  /** How many there are, background included. */
  readonly classes: number;
  /** Row-major [truth, prediction]; doubles count exactly up to 2^53 pixels. */
  readonly counts: Float64Array;

  /** Begins with nothing seen. @param classes number of classes including background, 1 to 255. */
  constructor(classes: number) {
    if (!Number.isInteger(classes) || classes < 1 || classes > IGNORE_INDEX) {
      throw new OtxError(
        'usage',
        `A confusion matrix needs 1 to ${IGNORE_INDEX} classes, got ${classes}: value ${IGNORE_INDEX} is kept for ignored pixels.`,
      );
    }
    this.classes = classes;
    this.counts = new Float64Array(classes * classes);
  }

  /** Goes on from counts. @param rows of counts, as {@link rows} gives them. */
  static of(rows: readonly (readonly number[])[]): ConfusionMatrix {
    const matrix = new ConfusionMatrix(rows.length);
    matrix.counts.set(rows.flat());
    return matrix;
  }

  /** The counts as plain data: a row for each true class, in it a number for each predicted one. */
  rows(): number[][] {
    const { classes, counts } = this;
    return Array.from({ length: classes }, (_, row) => [
      ...counts.subarray(row * classes, (row + 1) * classes),
    ]);
  }

  /**
   * Adds one image: class indices of equal length in any, but the same, pixel order. Pixels whose truth is 255 are skipped
   * whatever was predicted there.
   * @throws OtxError `dataset` for an index without a class; nothing is counted then.
   */
  add(truth: Uint8Array, prediction: Uint8Array): void {
    const { classes, counts } = this;
    if (truth.length !== prediction.length) {
      throw new OtxError(
        'dataset',
        `Truth has ${truth.length} pixels and prediction ${prediction.length}: compare both at the size of the original image.`,
      );
    }
    for (let i = 0; i < truth.length; i++) {
      const expected = truth[i]!;
      if (expected === IGNORE_INDEX) continue;
      if (expected >= classes || prediction[i]! >= classes) {
        const side = expected >= classes ? 'truth' : 'prediction';
        throw new OtxError(
          'dataset',
          `The ${side} holds value ${side === 'truth' ? expected : prediction[i]} at pixel ${i}, expected 0 to ${classes - 1}` +
            `${side === 'truth' ? ` or ${IGNORE_INDEX}` : ''}: check the label map.`,
        );
      }
    }
    for (let i = 0; i < truth.length; i++) {
      const expected = truth[i]!;
      if (expected !== IGNORE_INDEX) counts[expected * classes + prediction[i]!]! += 1;
    }
  }

  /** For each class: pixels where truth and prediction agree, predicted pixels, true pixels. */
  areas(): { intersection: Float64Array; predicted: Float64Array; truth: Float64Array } {
    const { classes, counts } = this;
    const intersection = new Float64Array(classes);
    const predicted = new Float64Array(classes);
    const truth = new Float64Array(classes);
    for (let row = 0; row < classes; row++) {
      intersection[row] = counts[row * classes + row]!;
      for (let column = 0; column < classes; column++) {
        const count = counts[row * classes + column]!;
        truth[row]! += count;
        predicted[column]! += count;
      }
    }
    return { intersection, predicted, truth };
  }

  /**
   * Scores of everything added so far: Dice = 2I/(P+G), IoU = I/(P+G-I), Acc = I/G, aAcc = sum I / sum G.
   * @param scored indices of the classes that take part, in the order of the result. Default: all.
   */
  summary(
    scored: readonly number[] = Array.from({ length: this.classes }, (_, index) => index),
  ): SegmentationMetrics {
    const { intersection, predicted, truth } = this.areas();
    const perClass = scored.map((index): ClassMetrics => {
      const both = intersection[index]!;
      const p = predicted[index]!;
      const g = truth[index]!;
      return { dice: (2 * both) / (p + g), iou: both / (p + g - both), acc: both / g, pixels: g };
    });
    return {
      mDice: nanMean(perClass.map((scores) => scores.dice)),
      mIoU: nanMean(perClass.map((scores) => scores.iou)),
      mAcc: nanMean(perClass.map((scores) => scores.acc)),
      aAcc: sum(intersection) / sum(truth),
      perClass,
    };
  }
}

/**
 * "Dice Average" as `otx eval` reports it: the mean Dice over the classes other than background (index 0) that occur in the
 * truth or in a prediction; 0 if none does. It is therefore lower than `mDice`, which counts the easy background.
 *
 * The reference tool turns both maps into polygons and rasterises those before comparing. Here the pixel maps are compared
 * directly: the detour moves region borders by up to a pixel and drops tiny regions, so it measures the annotation format
 * rather than the model. For the same reason pixels ignored in the truth stay ignored instead of counting as background.
 */
export function diceAverage({ perClass }: SegmentationMetrics): number {
  const mean = nanMean(perClass.slice(1).map(({ dice }) => dice));
  return Number.isNaN(mean) ? 0 : mean;
}

/**
 * The scores as a plain-text table in percent, one line per class and a line of means; `-` stands for a class that was
 * neither present nor predicted.
 * @param names class names in index order.
 * @param columns into which rows fit by cutting names. Default 80.
 */
export function formatMetrics(
  metrics: SegmentationMetrics,
  names: readonly string[],
  columns = USUAL_COLUMNS,
): string {
  const total = sum(metrics.perClass.map((scores) => scores.pixels));
  const rows = [
    ['class', 'Dice', 'IoU', 'Acc', 'pixels'],
    ...metrics.perClass.map((scores, index) => [
      names[index] ?? `class ${index}`,
      percent(scores.dice),
      percent(scores.iou),
      percent(scores.acc),
      `${percent(scores.pixels / total)} %`,
    ]),
    ['mean', percent(metrics.mDice), percent(metrics.mIoU), percent(metrics.mAcc), ''],
  ];
  const width = (column: number) => Math.max(...rows.map((row) => displayWidth(row[column]!)));
  const others = [1, 2, 3, 4].reduce((sum, column) => sum + width(column) + GAP.length, 0);
  const room = Math.min(Math.max(columns - others, FEWEST_NAME_COLUMNS), MOST_NAME_COLUMNS);
  for (const row of rows) row[0] = shortened(row[0]!, room);
  const widths = rows[0]!.map((_, column) => width(column));
  const lines = rows.map((row) =>
    row
      .map((cell, column) => (column === 0 ? padded(cell, widths[column]!) : cell.padStart(widths[column]!)))
      .join(GAP)
      .trimEnd(),
  );
  const rule = '-'.repeat(Math.max(...lines.map(displayWidth)));
  lines.splice(1, 0, rule);
  lines.splice(-1, 0, rule);
  return `${lines.join('\n')}\npixel accuracy ${percent(metrics.aAcc)} %`;
}

function percent(fraction: number): string {
  return Number.isNaN(fraction) ? '-' : (100 * fraction).toFixed(2);
}

function sum(values: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i]!;
  return total;
}

function nanMean(values: readonly number[]): number {
  const known = values.filter((value) => !Number.isNaN(value));
  return sum(known) / known.length;
}
