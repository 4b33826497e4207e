/** @file Rows of an image whose probabilities are merged from windows, from the first to the last in bounded memory. */

import type { Size } from '../../data/index.js';
import { bestOf, type Positions, samplePositions } from '../class-map.js';

/** Keeps the logarithm of a probability that underflowed finite. */
const SMALLEST = 2 ** -126;

/** What is merged, and what becomes of it. */
export interface StripOptions {
  /** Classes, background included. */
  readonly classes: number;
  /** Of the image at the scale of the network input. */
  readonly scaled: Size;
  /** Of the image. */
  readonly size: Size;
  /** Rows of a window. */
  readonly rows: number;
  readonly threshold: number | undefined;
  readonly wantsProbabilities: boolean;
}

/**
 * Probabilities of the rows of the scaled image that windows still cover, and the classes of all rows of the image that are done.
 * Between pixels of the scaled image logarithms are interpolated, as everywhere.
 */
export class Strip {
  readonly labels: Uint8Array;
  readonly probabilities: Float32Array | undefined;
  /** [row, class, column], weighted. */
  private readonly sums: Float32Array;
  /** [row, column] */
  private readonly weights: Float32Array;
  /** Logarithms of the row before the first one of `sums`. */
  private before: Float32Array;
  /** The first row of `sums` in the scaled image. */
  private top = 0;
  /** Rows of the image that are done. */
  private done = 0;
  private readonly vertical: Positions;
  private readonly horizontal: Positions;
  private readonly rowLength: number;

  constructor(private readonly options: StripOptions) {
    const { classes, scaled, size, rows, wantsProbabilities } = options;
    this.rowLength = classes * scaled.width;
    this.sums = new Float32Array(rows * this.rowLength);
    this.weights = new Float32Array(rows * scaled.width);
    this.before = new Float32Array(this.rowLength);
    this.labels = new Uint8Array(size.width * size.height);
    this.probabilities = wantsProbabilities
      ? new Float32Array(classes * size.width * size.height)
      : undefined;
    this.vertical = samplePositions(scaled.height, size.height);
    this.horizontal = samplePositions(scaled.width, size.width);
  }

  /**
   * Adds a window whose first row is that of the strip.
   *
   * @param answer probabilities [classes, rows, columns] of the window.
   * @param window its size, with the part of it that lies in the image.
   */
  add(
    answer: Float32Array,
    left: number,
    window: { readonly size: Size; readonly used: Size },
    across: Float32Array,
    down: Float32Array,
  ): void {
    const { classes, scaled } = this.options;
    const { size, used } = window;
    const area = size.width * size.height;
    for (let y = 0; y < used.height; y++) {
      for (let k = 0; k < classes; k++) {
        const to = y * this.rowLength + k * scaled.width + left;
        const from = k * area + y * size.width;
        for (let x = 0; x < used.width; x++) this.sums[to + x]! += answer[from + x]! * across[x]! * down[y]!;
      }
      const to = y * scaled.width + left;
      for (let x = 0; x < used.width; x++) this.weights[to + x]! += across[x]! * down[y]!;
    }
  }

  /** All windows that cover rows above `next` have been added: finds their classes, and moves on. */
  advance(next: number): void {
    const count = next - this.top;
    const { width } = this.options.scaled;
    this.toLogarithms(count);
    this.classifyRows(next);
    this.before = this.sums.slice((count - 1) * this.rowLength, count * this.rowLength);
    this.sums.copyWithin(0, count * this.rowLength);
    this.sums.fill(0, this.sums.length - count * this.rowLength);
    this.weights.copyWithin(0, count * width);
    this.weights.fill(0, this.weights.length - count * width);
    this.top = next;
  }

  private toLogarithms(count: number): void {
    const { classes, scaled } = this.options;
    for (let y = 0; y < count; y++) {
      for (let x = 0; x < scaled.width; x++) {
        const weight = this.weights[y * scaled.width + x]!;
        for (let k = 0, at = y * this.rowLength + x; k < classes; k++, at += scaled.width) {
          this.sums[at] = Math.log(Math.max(this.sums[at]! / weight, SMALLEST));
        }
      }
    }
  }

  /** Rows of the image that lie between rows of the scaled one that are known. */
  private classifyRows(next: number): void {
    const { size, classes, threshold } = this.options;
    const { vertical, horizontal, labels, probabilities } = this;
    const values = new Float64Array(classes);
    const area = size.width * size.height;
    for (; this.done < size.height && vertical.high[this.done]! < next; this.done++) {
      const y = this.done;
      const upper = this.rowAt(vertical.low[y]!);
      const lower = this.rowAt(vertical.high[y]!);
      for (let x = 0, at = y * size.width; x < size.width; x++, at++) {
        this.blend(upper, lower, vertical.weight[y]!, horizontal, x, values);
        labels[at] = bestOf(values, threshold);
        if (probabilities) {
          const total = values.reduce((sum, value) => sum + Math.exp(value), 0);
          for (let k = 0; k < classes; k++) probabilities[k * area + at] = Math.exp(values[k]!) / total;
        }
      }
    }
  }

  private rowAt(row: number): Float32Array {
    if (row < this.top) return this.before;
    const start = (row - this.top) * this.rowLength;
    return this.sums.subarray(start, start + this.rowLength);
  }

  private blend(
    upper: Float32Array,
    lower: Float32Array,
    down: number,
    { low, high, weight }: Positions,
    x: number,
    values: Float64Array,
  ): void {
    const { width } = this.options.scaled;
    const across = weight[x]!;
    for (let k = 0, left = low[x]!, right = high[x]!; k < values.length; k++, left += width, right += width) {
      const above = upper[left]! + (upper[right]! - upper[left]!) * across;
      const below = lower[left]! + (lower[right]! - lower[left]!) * across;
      values[k] = above + (below - above) * down;
    }
  }
}
