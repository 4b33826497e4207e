/**
 * @file Whether the values of a tensor can be those of a network. Looked at once when a file is opened, and again before one
 * is written: a single value that is no number makes all results nonsense without a word, and a training that starts from
 * it blames its images.
 */

import { isTrainingState, OPTIMIZER_PREFIX } from './training-state.js';
import { quoted } from './unusable.js';

/**
 * The product of three values below this is still a float32 (2^128): of a weight, an activation and the scale of a
 * normalisation. What networks learn stays below 2^20.
 */
export const LARGEST = 2 ** 40;

/** What to do about weights with a {@link tensorProblem}. */
export const VALUES_REMEDY = 'copy the file again, or use an earlier checkpoint';

const COUNTER = /\.num_batches_tracked$/;
/** The square root of a negative one is no number. */
const VARIANCE = /\.running_var$/;
/** Begins the names of Adam's second moments, which are squares of gradients. */
const SQUARES = `${OPTIMIZER_PREFIX}exp_avg_sq.`;
/** What networks compute with, as opposed to counters, tables of indices and whatever else lies in foreign files. */
const COMPUTED = /\.(weight|bias|running_mean|running_var)$/;

export interface StoredValues {
  readonly data: Float32Array | BigInt64Array;
  /** As the file calls its type. */
  readonly type: string;
}

/**
 * What is wrong with a tensor, as in `tensor "a.running_var" holds -1 (value 3 of 9), expected a variance`; undefined for a
 * good one.
 *
 * @param name under which the tensor is in a state dict or a checkpoint.
 */
export function tensorProblem(name: string, { data, type }: StoredValues): string | undefined {
  const isFloat = /^(bfloat|float|F|BF)\d+$/.test(type);
  if (!isFloat && (COMPUTED.test(name) || isTrainingState(name))) {
    return `tensor ${quoted(name)} has type ${type}, expected a floating-point type`;
  }
  const { least, most, what } = rangeOf(name);
  const at = firstOutside(data, least, most, COUNTER.test(name));
  if (at < 0) return undefined;
  const found = Number(data[at]);
  const shown = Number.isFinite(found) ? Number(found.toPrecision(3)) : found;
  return `tensor ${quoted(name)} holds ${shown} (value ${at + 1} of ${data.length}), expected ${what}`;
}

function rangeOf(name: string): { least: number; most: number; what: string } {
  if (name.startsWith(SQUARES)) return { least: 0, most: LARGEST ** 2, what: 'the mean of squares' };
  if (VARIANCE.test(name)) return { least: 0, most: LARGEST, what: 'a variance' };
  if (COUNTER.test(name)) return { least: 0, most: LARGEST, what: 'a count' };
  return { least: -LARGEST, most: LARGEST, what: 'a number of at most 2^40' };
}

/** Position of the first value that is no number or not between `least` and `most`; -1 for none. */
function firstOutside(data: StoredValues['data'], least: number, most: number, isCounter: boolean): number {
  // Tables of whole numbers have any values.
  if (data instanceof BigInt64Array) {
    return isCounter ? data.findIndex((value) => value < BigInt(least) || value > BigInt(most)) : -1;
  }
  // Bits without the sign are in the order of the magnitudes, infinity and NaN behind all others; with it, those of negative
  // values are behind all others. Three times as fast as comparing numbers.
  const sign = 0x80000000;
  const mask = least === 0 ? 0xffffffff : 0x7fffffff;
  const limit = new Uint32Array(Float32Array.of(most).buffer)[0] as number;
  const bits = new Uint32Array(data.buffer, data.byteOffset, data.length);
  for (let i = 0; i < bits.length; i++) {
    const value = ((bits[i] as number) & mask) >>> 0;
    if (value > limit && value !== sign) return i;
  }
  return -1;
}
