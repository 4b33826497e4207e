/** @file Numbers as 8-bit integers: which scale and zero point a range of values gets, and weights with a scale a channel. */

/** Between which values those of a tensor lie, or are taken to lie. */
export interface Range {
  readonly low: number;
  readonly high: number;
}

/** value = (integer − zero) · scale, with integers from 0 to 255. */
export interface Rounding {
  readonly scale: number;
  readonly zero: number;
}

const LARGEST_UINT8 = 255;
/** Of scales: a product of two must still be a normal float32. */
export const SMALLEST_SCALE = 1e-15;

/** Zero is among the values, and exact: it is what convolutions pad with. */
export function roundingOf({ low, high }: Range): Rounding {
  const [from, to] = [Math.min(low, 0), Math.max(high, 0)];
  const scale = Math.fround(Math.max((to - from) / LARGEST_UINT8, SMALLEST_SCALE));
  const zero = Math.min(Math.max(Math.round(-from / scale), 0), LARGEST_UINT8);
  return { scale, zero };
}

/** Weights of a convolution as integers: value = integer · scale of its output channel. */
export interface RoundedWeights {
  readonly integers: Int8Array;
  readonly scales: Float32Array;
}

/**
 * Largest integers of weights. Processors without instructions for 8-bit products (VNNI) add pairs of products of unsigned and signed bytes
 * in 16 bits, where 2 · 255 · 127 overflows and 2 · 255 · 64 does not.
 */
export const LARGEST_WEIGHT = { 7: 64, 8: 127 } as const;

/** How many bits weights use, sign included. */
export type WeightBits = keyof typeof LARGEST_WEIGHT;

/** A bias as an integer stays below this, so that sums of products fit into 32 bits beside it. */
const LARGEST_BIAS = 2 ** 30;

/**
 * @param weights [O, ...]
 * @param bias [O], which is rounded to multiples of the scale times `inputScale` in 32 bits.
 */
export function roundWeights(
  weights: Float32Array,
  bias: Float32Array,
  inputScale: number,
  bits: WeightBits,
): RoundedWeights {
  const limit = LARGEST_WEIGHT[bits];
  const channels = bias.length;
  const size = weights.length / channels;
  const integers = new Int8Array(weights.length);
  const scales = Float32Array.from({ length: channels }, (_, channel) => {
    const own = weights.subarray(channel * size, (channel + 1) * size);
    const largest = own.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const forBias = Math.abs(bias[channel]!) / (inputScale * LARGEST_BIAS);
    const scale = Math.fround(Math.max(largest / limit, forBias, SMALLEST_SCALE));
    for (let i = 0; i < size; i++) {
      integers[channel * size + i] = Math.min(Math.max(Math.round(own[i]! / scale), -limit), limit);
    }
    return scale;
  });
  return { integers, scales };
}

/**
 * What rounding the weights adds to the mean of each output channel: Σ (rounded − exact) · mean of the input. Subtracted from the bias
 * (Nagel et al. 2019, "Data-Free Quantization Through Weight Equalization and Bias Correction", section 4.2). Pixels that padding
 * takes part in are not told from others.
 *
 * @param means of each channel of the input.
 */
export function meanError(
  weights: Float32Array,
  { integers, scales }: RoundedWeights,
  means: Float32Array,
  groups: number,
): Float32Array {
  const channels = scales.length;
  const size = weights.length / channels;
  const perGroup = means.length / groups;
  const taps = size / perGroup;
  return scales.map((scale, channel) => {
    const first = Math.floor(channel / (channels / groups)) * perGroup;
    let sum = 0;
    for (let i = 0; i < size; i++) {
      const at = channel * size + i;
      sum += (integers[at]! * scale - weights[at]!) * means[first + Math.floor(i / taps)]!;
    }
    return sum;
  });
}
