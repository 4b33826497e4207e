/** @file From logits at network resolution to a class map at the size of the original image, without a full-size float map. */

import { OtxError } from '../base/errors.js';
import type { Size } from '../data/index.js';

/** What a network says of an image; of how many classes, instead of which: training knows no more. */
export interface AnswerOf {
  /** Size of the network input in pixels. */
  readonly inputSize: Size;
  readonly classes: { readonly length: number };
  readonly threshold?: number | undefined;
  /** What the numbers are. Default: logits. */
  readonly scale?: Scale | undefined;
}

/**
 * Probabilities are interpolated by their logarithms, which differ from logits by one number per pixel, so that the best class
 * is the same; interpolating the probabilities themselves would not give it.
 */
export type Scale = 'logits' | 'probabilities';

/** What has been made of what a network says of an image. */
export interface Classified {
  /** Class of each pixel, HW at the size of the image. */
  readonly labels: Uint8Array;
  /** [classes, H, W]; undefined when not asked for. */
  readonly probabilities: Float32Array | undefined;
  /** Time to find the classes. */
  readonly milliseconds: number;
}

/** {@link classMap}, and {@link classProbabilities} where asked for. */
export function classify(
  answer: Float32Array,
  of: AnswerOf,
  size: Size,
  wantsProbabilities: boolean,
): Classified {
  const start = performance.now();
  const labels = classMap(answer, of, size);
  const probabilities = wantsProbabilities ? classProbabilities(answer, of, size) : undefined;
  return { labels, probabilities, milliseconds: performance.now() - start };
}

/**
 * The class of each pixel of an image.
 * @param logits row-major [classes, H, W] of the network's input.
 * @param size of the image.
 */
export function classMap(
  logits: Float32Array,
  { classes, inputSize, threshold, scale }: AnswerOf,
  size: Size,
): Uint8Array {
  const { width, height } = inputSize;
  return resizeArgmax(logits, classes.length, height, width, size.height, size.width, threshold, scale);
}

/** The probability of each class for each pixel of an image, row-major [classes, H, W]; parameters as of {@link classMap}. */
export function classProbabilities(
  logits: Float32Array,
  { classes: { length: classes }, inputSize, scale }: AnswerOf,
  { width: W, height: H }: Size,
): Float32Array {
  const { width: w, height: h } = inputSize;
  checkSizes(logits, classes, h, w, H, W);
  const probabilities = new Float32Array(classes * H * W);
  const blend = blender(logits, classes, w, samplePositions(h, H), samplePositions(w, W), scale);
  for (let y = 0, at = 0; y < H; y++) {
    for (let x = 0; x < W; x++, at++) {
      const values = blend(y, x);
      let best = values[0]!;
      for (let k = 1; k < classes; k++) best = Math.max(best, values[k]!);
      let total = 0;
      for (let k = 0; k < classes; k++) total += Math.exp(values[k]! - best);
      for (let k = 0; k < classes; k++) probabilities[k * H * W + at] = Math.exp(values[k]! - best) / total;
    }
  }
  return probabilities;
}

/**
 * Resizes logits bilinearly (align_corners false, edge clamped, no antialias) and takes the best class of each pixel.
 * Of equal logits the lowest class wins.
 * @param logits row-major [classes, h, w].
 * @param threshold a pixel whose softmax probability, taken after the resize, reaches it for no class becomes class 0
 * (background); in [0, 1], a probability equal to it counts as reached. Default none.
 * @param scale what the numbers are; default logits.
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
  scale?: Scale,
): Uint8Array {
  checkSizes(logits, classes, h, w, H, W);
  const vertical = samplePositions(h, H);
  const horizontal = samplePositions(w, W);
  // Looking at every number of a larger answer first costs more than it spares.
  if (H * W <= h * w && scale !== 'probabilities') {
    return interpolatedClasses(logits, { classes, vertical, horizontal, threshold });
  }
  const labels = new Uint8Array(H * W);
  const near = clearClasses(logits, classes, h * w, threshold, scale);
  const { low, high } = horizontal;
  const column = new Uint8Array(w);
  const blend = blender(logits, classes, w, vertical, horizontal, scale);
  for (let y = 0, at = 0; y < H; y++) {
    const top = vertical.low[y]! * w;
    const bottom = vertical.high[y]! * w;
    for (let x = 0; x < w; x++) {
      const label = near[top + x]!;
      column[x] = label === near[bottom + x] ? label : UNCLEAR;
    }
    for (let x = 0; x < W; x++, at++) {
      const label = column[low[x]!]!;
      const isClear = label !== UNCLEAR && label === column[high[x]!];
      labels[at] = isClear ? label : bestOf(blend(y, x), threshold);
    }
  }
  return labels;
}

interface Interpolation {
  readonly classes: number;
  readonly vertical: Positions;
  readonly horizontal: Positions;
  readonly threshold: number | undefined;
}

/**
 * The best class of each pixel, all of which are interpolated: a row of all classes from top to bottom, which pixels share, then
 * every pixel of it from left to right. Three to five times as fast as pixel by pixel.
 */
function interpolatedClasses(
  logits: Float32Array,
  { classes, vertical, horizontal, threshold }: Interpolation,
): Uint8Array {
  const { low, high, weight } = horizontal;
  const H = vertical.low.length;
  const W = low.length;
  const w = horizontal.from;
  const area = vertical.from * w;
  const labels = new Uint8Array(H * W);
  /** [column, class], so that the classes of a pixel are neighbours. */
  const line = new Float64Array(classes * w);
  const values = new Float64Array(classes);
  for (let y = 0, at = 0; y < H; y++) {
    const top = vertical.low[y]! * w;
    const bottom = vertical.high[y]! * w;
    const blend = vertical.weight[y]!;
    for (let k = 0, base = 0; k < classes; k++, base += area) {
      for (let x = 0, into = k; x < w; x++, into += classes) {
        line[into] = mix(logits[base + top + x]!, logits[base + bottom + x]!, blend);
      }
    }
    for (let x = 0; x < W; x++, at++) {
      const left = low[x]! * classes;
      const right = high[x]! * classes;
      const share = weight[x]!;
      let best = mix(line[left]!, line[right]!, share);
      let label = 0;
      for (let k = 1; k < classes; k++) {
        const value = mix(line[left + k]!, line[right + k]!, share);
        if (value > best) {
          best = value;
          label = k;
        }
      }
      labels[at] = label;
      if (threshold === undefined || label === 0) continue;
      for (let k = 0; k < classes; k++) values[k] = mix(line[left + k]!, line[right + k]!, share);
      labels[at] = bestOf(values, threshold);
    }
  }
  return labels;
}

/** No class has this index. */
const UNCLEAR = 255;
/** More than rounding makes of logits and probabilities. */
const ROUNDING = 1e-5;

/**
 * The best class of each pixel before the resize: where all four neighbours of a pixel have the same one, so has what is
 * interpolated between them, which spares most pixels the interpolation.
 * {@link UNCLEAR} where a class may be less probable than the threshold. The logarithm of a probability is concave in the
 * logits: between neighbours where it reaches the threshold it does so too.
 */
function clearClasses(
  logits: Float32Array,
  classes: number,
  area: number,
  threshold: number | undefined,
  scale: Scale | undefined,
): Uint8Array {
  const labels = new Uint8Array(area);
  const best = logits.slice(0, area);
  const second = new Float32Array(threshold === undefined ? 0 : area).fill(Number.NEGATIVE_INFINITY);
  for (let k = 1, at = area; k < classes; k++) {
    for (let i = 0; i < area; i++, at++) {
      const value = logits[at]!;
      if (value > best[i]!) {
        if (threshold !== undefined) second[i] = best[i]!;
        best[i] = value;
        labels[i] = k;
      } else if (threshold !== undefined && value > second[i]!) {
        second[i] = value;
      }
    }
  }
  if (threshold === undefined) return labels;
  if (scale === 'probabilities') {
    const least = threshold * (1 + ROUNDING);
    for (let i = 0; i < area; i++) if (labels[i] !== 0 && !(best[i]! >= least)) labels[i] = UNCLEAR;
    return labels;
  }
  // Were all other classes as good as the second one, the best would be just as probable as the threshold.
  const margin = Math.log((classes - 1) / (1 / threshold - 1)) + ROUNDING;
  for (let i = 0; i < area; i++) {
    if (labels[i] !== 0 && !(best[i]! - second[i]! >= margin)) labels[i] = UNCLEAR;
  }
  return labels;
}

/** Interpolates the logits of one pixel; the array is reused. */
function blender(
  logits: Float32Array,
  classes: number,
  w: number,
  vertical: Positions,
  horizontal: Positions,
  scale: Scale = 'logits',
): (y: number, x: number) => Float64Array {
  const values = new Float64Array(classes);
  const area = logits.length / classes;
  const read = scale === 'logits' ? (at: number) => logits[at]! : (at: number) => logarithm(logits[at]!);
  return (y, x) => {
    const [top, bottom] = [vertical.low[y]! * w, vertical.high[y]! * w];
    const [left, right] = [horizontal.low[x]!, horizontal.high[x]!];
    for (let k = 0, base = 0; k < classes; k++, base += area) {
      values[k] = mix(
        mix(read(base + top + left), read(base + bottom + left), vertical.weight[y]!),
        mix(read(base + top + right), read(base + bottom + right), vertical.weight[y]!),
        horizontal.weight[x]!,
      );
    }
    return values;
  };
}

/** Keeps the logarithm of a probability that underflowed finite. */
const SMALLEST_NORMAL = 2 ** -126;
const logarithm = (probability: number): number => Math.log(Math.max(probability, SMALLEST_NORMAL));

const mix = (from: number, to: number, weight: number): number => from + (to - from) * weight;

/** The class of a pixel by its logits, or logarithms of probabilities; 0 where the best one is not probable enough. */
export function bestOf(values: Float64Array, threshold: number | undefined): number {
  let label = 0;
  for (let k = 1; k < values.length; k++) if (values[k]! > values[label]!) label = k;
  if (threshold === undefined || label === 0) return label;
  let total = 0;
  for (let k = 0; k < values.length; k++) total += Math.exp(values[k]! - values[label]!);
  return 1 / total >= threshold ? label : 0;
}

/** @throws OtxError `usage` */
function checkSizes(logits: Float32Array, classes: number, h: number, w: number, H: number, W: number): void {
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
}

/** Between which inputs each output lies. */
export interface Positions {
  /** Number of the inputs. */
  readonly from: number;
  readonly low: Int32Array;
  readonly high: Int32Array;
  readonly weight: Float64Array;
}

/** Neighbours and blend weight of each output index: source = (index + 0.5) * from / to - 0.5, clamped at 0. */
export function samplePositions(from: number, to: number): Positions {
  const low = new Int32Array(to);
  const high = new Int32Array(to);
  const weight = new Float64Array(to);
  for (let i = 0; i < to; i++) {
    const source = Math.max(0, ((i + 0.5) * from) / to - 0.5);
    low[i] = Math.min(Math.floor(source), from - 1);
    high[i] = Math.min(low[i]! + 1, from - 1);
    weight[i] = source - low[i]!;
  }
  return { from, low, high, weight };
}
