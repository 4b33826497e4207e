/** @file From logits at network resolution to a class map at the size of the original image, without a full-size float map. */

import { OtxError } from '../base/errors.js';
import type { Size } from '../data/index.js';
import type { Reading } from './opened-model.js';

/** How many classes logits are of, instead of which: training knows no more. */
export type LogitsOf = Pick<Reading, 'inputSize'> & {
  readonly classes: { readonly length: number };
  readonly threshold?: number | undefined;
};

/**
 * The class of each pixel of an image.
 * @param logits row-major [classes, H, W] of the network's input.
 * @param size of the image.
 */
export function classMap(
  logits: Float32Array,
  { classes, inputSize, threshold }: LogitsOf,
  size: Size,
): Uint8Array {
  const { width, height } = inputSize;
  return resizeArgmax(logits, classes.length, height, width, size.height, size.width, threshold);
}

/** The probability of each class for each pixel of an image, row-major [classes, H, W]; parameters as of {@link classMap}. */
export function classProbabilities(
  logits: Float32Array,
  { classes: { length: classes }, inputSize }: LogitsOf,
  { width: W, height: H }: Size,
): Float32Array {
  const probabilities = new Float32Array(classes * H * W);
  forEachResizedRow(logits, classes, inputSize.height, inputSize.width, H, W, (row, y) => {
    for (let x = 0; x < W; x++) {
      let best = row[x]!;
      for (let k = 1; k < classes; k++) best = Math.max(best, row[k * W + x]!);
      let total = 0;
      for (let k = 0; k < classes; k++) total += Math.exp(row[k * W + x]! - best);
      for (let k = 0; k < classes; k++) {
        probabilities[(k * H + y) * W + x] = Math.exp(row[k * W + x]! - best) / total;
      }
    }
  });
  return probabilities;
}

/**
 * Resizes logits bilinearly (align_corners false, edge clamped, no antialias) and takes the best class of each pixel.
 * Of equal logits the lowest class wins.
 * @param logits row-major [classes, h, w].
 * @param threshold as {@link resizeArgmaxThreshold}; default none.
 * @returns class indices, row-major [H, W].
 * @throws OtxError `usage` if the sizes do not fit together.
 */
export function resizeArgmax(
  logits: Float32Array,
  classes: number,
  h: number,
  w: number,
  H: number,
  W: number,
  threshold?: number,
): Uint8Array {
  if (threshold !== undefined) return resizeArgmaxThreshold(logits, classes, h, w, H, W, threshold);
  const labels = new Uint8Array(H * W);
  const best = new Float64Array(W);
  forEachResizedRow(logits, classes, h, w, H, W, (row, y) => {
    const out = labels.subarray(y * W, (y + 1) * W);
    best.set(row.subarray(0, W));
    for (let k = 1; k < classes; k++) {
      const base = k * W;
      for (let x = 0; x < W; x++) {
        const value = row[base + x]!;
        if (value > best[x]!) {
          best[x] = value;
          out[x] = k;
        }
      }
    }
  });
  return labels;
}

/**
 * Like {@link resizeArgmax}, but a pixel whose softmax probability reaches `threshold` for no class becomes class 0
 * (background). The softmax is taken after the resize, at the size of the original image.
 * @param threshold in [0, 1]; a probability equal to it counts as reached.
 */
export function resizeArgmaxThreshold(
  logits: Float32Array,
  classes: number,
  h: number,
  w: number,
  H: number,
  W: number,
  threshold: number,
): Uint8Array {
  const labels = new Uint8Array(H * W);
  forEachResizedRow(logits, classes, h, w, H, W, (row, y) => {
    for (let x = 0; x < W; x++) {
      let label = 0;
      let best = row[x]!;
      for (let k = 1; k < classes; k++) {
        const value = row[k * W + x]!;
        if (value > best) {
          best = value;
          label = k;
        }
      }
      if (label === 0) continue;
      let total = 0;
      for (let k = 0; k < classes; k++) total += Math.exp(row[k * W + x]! - best);
      if (1 / total >= threshold) labels[y * W + x] = label;
    }
  });
  return labels;
}

/** Calls `use` with each output row as [classes, W]; the row buffer is reused. */
function forEachResizedRow(
  logits: Float32Array,
  classes: number,
  h: number,
  w: number,
  H: number,
  W: number,
  use: (row: Float64Array, y: number) => void,
): void {
  const sizes = [classes, h, w, H, W];
  if (sizes.some((size) => !Number.isInteger(size) || size < 1) || classes > 255) {
    throw new OtxError(
      'usage',
      `Cannot resize ${classes}x${h}x${w} logits to ${H}x${W}: sizes must be 1 or more.`,
    );
  }
  if (logits.length !== classes * h * w) {
    throw new OtxError(
      'usage',
      `Logits hold ${logits.length} values, expected ${classes}x${h}x${w} = ${classes * h * w}: pass one image at a time.`,
    );
  }
  const vertical = samplePositions(h, H);
  const horizontal = samplePositions(w, W);
  const blended = new Float64Array(w);
  const row = new Float64Array(classes * W);
  for (let y = 0; y < H; y++) {
    const weight = vertical.weight[y]!;
    for (let k = 0; k < classes; k++) {
      const top = (k * h + vertical.low[y]!) * w;
      const bottom = (k * h + vertical.high[y]!) * w;
      for (let x = 0; x < w; x++) {
        const value = logits[top + x]!;
        blended[x] = value + (logits[bottom + x]! - value) * weight;
      }
      const base = k * W;
      for (let x = 0; x < W; x++) {
        const value = blended[horizontal.low[x]!]!;
        row[base + x] = value + (blended[horizontal.high[x]!]! - value) * horizontal.weight[x]!;
      }
    }
    use(row, y);
  }
}

/** Neighbours and blend weight of each output index: source = (index + 0.5) * from / to - 0.5, clamped at 0. */
function samplePositions(
  from: number,
  to: number,
): { low: Int32Array; high: Int32Array; weight: Float64Array } {
  const low = new Int32Array(to);
  const high = new Int32Array(to);
  const weight = new Float64Array(to);
  for (let i = 0; i < to; i++) {
    const source = Math.max(0, ((i + 0.5) * from) / to - 0.5);
    low[i] = Math.min(Math.floor(source), from - 1);
    high[i] = Math.min(low[i]! + 1, from - 1);
    weight[i] = source - low[i]!;
  }
  return { low, high, weight };
}
