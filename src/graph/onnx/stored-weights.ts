/** @file Weights in fewer bytes than they are computed with. */
import { LARGEST_HALF, toHalves } from '../../base/half.js';
import type { Shape, TensorData } from '../tensor.js';

/** How weights are stored; `float16-throughout`: those of the smallest layers in 16 bits as well. */
export type WeightPrecision = 'float32' | 'float16' | 'float16-throughout' | 'int8';

/** Numbers of ONNX element types. */
const FLOAT = 1;
const INT8 = 3;
const FLOAT16 = 10;

/** Constants with fewer values take hardly any bytes, and biases and scales are worth their precision. */
const FEWEST_VALUES = 64;
/**
 * Weights with fewer values stay as they are where others become halves. These are the first layers, those of single maps and those of the
 * largest maps, whose rounding everything behind them sees: of a trained Lite-HRNet they are a tenth of the weights and make nine tenths
 * of the (mean square) difference. What a network needs beyond that, its own measurement says.
 */
const FEWEST_HALVES = 2048;
/** Symmetric: -128 is left out. */
const LARGEST_INT8 = 127;

/** Whether a constant is stored in 16 bits where weights are. */
export type IsHalf = (data: TensorData, shape: Shape) => boolean;

/** A tensor of a file. */
export interface StoredTensor {
  /** Number of the ONNX element type. */
  readonly elementType: number;
  readonly shape: Shape;
  readonly data: TensorData | Uint16Array | Int8Array;
}

/**
 * What is stored of a constant, to be made float32 by `Cast` and multiplied by the scales. Runtimes do that once, when they load a file;
 * what `DequantizeLinear` makes of constants ONNX Runtime computes anew in each run, and does not rearrange for its fastest kernels.
 */
export interface StoredWeight {
  readonly values: StoredTensor;
  readonly scales?: StoredTensor;
}

/**
 * @param isKernel whether it is the weight of a convolution, [O, I, h, w].
 * @param fits which constants become halves where weights are `float16`.
 * @returns undefined for what is stored as it is.
 */
export function storedWeight(
  data: TensorData,
  shape: Shape,
  precision: WeightPrecision,
  isKernel: boolean,
  fits: IsHalf = fitsHalves,
): StoredWeight | undefined {
  if (!(data instanceof Float32Array) || shape.length < 2 || data.length < FEWEST_VALUES) return undefined;
  if (precision === 'int8' && isKernel) return asIntegers(data, shape);
  const isHalf = precision === 'float16-throughout' ? haveHalves(data) : fits(data, shape);
  if (precision === 'float32' || precision === 'int8' || !isHalf) return undefined;
  return { values: { elementType: FLOAT16, shape, data: toHalves(data) } };
}

/** Whether a constant is stored in 16 bits where weights are: it is no vector of biases or scales, large, and has no number beyond halves. */
export function fitsHalves(data: TensorData, shape: Shape): boolean {
  if (!(data instanceof Float32Array) || shape.length < 2 || data.length < FEWEST_HALVES) return false;
  return haveHalves(data);
}

const haveHalves = (data: Float32Array): boolean => data.every((value) => Math.abs(value) <= LARGEST_HALF);

/** value = integer · scale, with the scale of its output channel. */
function asIntegers(data: Float32Array, shape: Shape): StoredWeight {
  const channels = shape[0]!;
  const perChannel = data.length / channels;
  const scales = new Float32Array(channels);
  const integers = new Int8Array(data.length);
  for (let channel = 0; channel < channels; channel++) {
    const from = channel * perChannel;
    const values = data.subarray(from, from + perChannel);
    const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    // A channel of zeros has any scale.
    scales[channel] = largest === 0 ? 1 : largest / LARGEST_INT8;
    for (let i = 0; i < perChannel; i++) integers[from + i] = Math.round(values[i]! / scales[channel]!);
  }
  return {
    values: { elementType: INT8, shape, data: integers },
    scales: { elementType: FLOAT, shape: [channels, ...shape.slice(1).map(() => 1)], data: scales },
  };
}
