/**
 * @file Operators that compute shapes and other known values: while all inputs are known, so is the result. The same
 * functions serve operators whose only use is this arithmetic.
 */
import { normalizeAxis } from '../shape-rules.js';
import { type DType, type Shape, sizeOf } from '../types.js';
import type { Call, Importer } from './call.js';
import { dtypeOfElement } from './read-tensor.js';
import {
  checkKnownSize,
  checkRank,
  expanded,
  type Known,
  knownInts,
  knownOf,
  rearranged,
  zipped,
} from './values.js';

/** Computes a node all inputs of which are known. */
type Fold = (inputs: readonly Known[], call: Call) => Known;

const each =
  (f: (x: number) => number, dtype?: DType): Fold =>
  ([x]) =>
    knownOf(dtype ?? x!.dtype, x!.shape, Array.from(x!.values, f));

const side =
  (f: (a: number, b: number) => number, dtype?: DType): Fold =>
  (inputs) =>
    zipped(dtype ?? inputs[0]!.dtype, inputs, f as (...values: number[]) => number);

/** Of any number of inputs, from left to right. */
const running =
  (f: (a: number, b: number) => number): Fold =>
  (inputs) =>
    zipped(inputs[0]!.dtype, inputs, (...values) => values.reduce(f));

const truth = (f: (a: number, b: number) => boolean): Fold => side((a, b) => (f(a, b) ? 1 : 0), 'bool');

/** Whole numbers are cut towards zero by the type, as ONNX has it. */
const modulo: Fold = (inputs, call) =>
  zipped(inputs[0]!.dtype, inputs, (a, b) => (call.int('fmod', 0) === 1 ? a % b : a - b * Math.floor(a / b)));

const reduced =
  (f: (a: number, b: number) => number): Fold =>
  ([x], call) => {
    const axes = reducedAxes(call, x!.shape.length);
    const kept = x!.shape.map((d, i) => (axes.includes(i) ? 1 : d));
    const result = new Array<number | undefined>(sizeOf(kept)).fill(undefined);
    const strides = kept.map((_, i) => sizeOf(kept.slice(i + 1)));
    const dense = x!.shape.map((_, i) => sizeOf(x!.shape.slice(i + 1)));
    Array.from(x!.values).forEach((value, i) => {
      const at = x!.shape.reduce(
        (sum, d, axis) => sum + (kept[axis] === 1 ? 0 : (Math.floor(i / dense[axis]!) % d) * strides[axis]!),
        0,
      );
      const before = result[at];
      result[at] = before === undefined ? value : f(before, value);
    });
    const shape = call.int('keepdims', 1) === 1 ? kept : x!.shape.filter((_, i) => !axes.includes(i));
    return knownOf(
      x!.dtype,
      shape,
      result.map((value) => value ?? 0),
    );
  };

/** Axes of a reduction, as an attribute or an input, all of them where none are named. */
export function reducedAxes(call: Call, rank: number): readonly number[] {
  const axes = call.ints(1, 'axes');
  if (axes && axes.length > 0) return axes.map((axis) => normalizeAxis(axis, rank));
  return call.int('noop_with_empty_axes', 0) === 1 ? [] : Array.from({ length: rank }, (_, i) => i);
}

const gather: Fold = ([x, indices], call) => {
  const axis = normalizeAxis(call.int('axis', 0), x!.shape.length);
  const length = x!.shape[axis]!;
  const picked = Array.from(indices!.values, (i) => position(i, length));
  const shape = [...x!.shape.slice(0, axis), ...indices!.shape, ...x!.shape.slice(axis + 1)];
  const inner = sizeOf(x!.shape.slice(axis + 1));
  checkKnownSize(shape);
  const values = Array.from({ length: sizeOf(shape) }, (_, i) => {
    const outer = Math.floor(i / (inner * picked.length));
    return x!.values[
      (outer * length + picked[Math.floor(i / inner) % picked.length]!) * inner + (i % inner)
    ]!;
  });
  return knownOf(x!.dtype, shape, values);
};

/** @throws Error for a position outside of the axis. */
export function position(index: number, length: number): number {
  const result = index < 0 ? index + length : index;
  if (!Number.isInteger(result) || result < 0 || result >= length)
    throw new Error(`index ${index} is outside of 0..${length - 1}`);
  return result;
}

const concat: Fold = (inputs, call) => {
  const axis = normalizeAxis(call.int('axis', 0), inputs[0]!.shape.length);
  const total = inputs.reduce((sum, x) => sum + x.shape[axis]!, 0);
  const shape = inputs[0]!.shape.map((d, i) => (i === axis ? total : d));
  const outer = sizeOf(shape.slice(0, axis));
  const values: number[] = [];
  checkKnownSize(shape);
  for (let i = 0; i < outer; i++)
    for (const x of inputs) {
      const length = x.values.length / outer;
      for (let j = 0; j < length; j++) values.push(x.values[i * length + j]!);
    }
  return knownOf(inputs[0]!.dtype, shape, values);
};

/** What Slice takes along one axis, with its limits as numpy reads them. */
export function slicedPositions(length: number, start: number, end: number, step: number): number[] {
  if (step === 0) throw new Error('a step of 0 leads nowhere');
  const from = start < 0 ? start + length : start;
  const to = end < 0 ? end + length : end;
  const first = step > 0 ? Math.min(Math.max(from, 0), length) : Math.min(Math.max(from, -1), length - 1);
  const last = step > 0 ? Math.min(Math.max(to, 0), length) : Math.min(Math.max(to, -1), length - 1);
  const count = Math.max(0, Math.ceil((last - first) / step));
  checkKnownSize([count]);
  return Array.from({ length: count }, (_, i) => first + i * step);
}

/** Positions along every axis that a Slice keeps; undefined where an axis stays whole. */
export function slicedAxes(call: Call, shape: Shape): (readonly number[] | undefined)[] {
  const starts = call.ints(1, 'starts') ?? [];
  const ends = call.ints(2, 'ends') ?? [];
  const axes = call.ints(3, 'axes') ?? starts.map((_, i) => i);
  const steps = call.has(4) ? call.known(4, 'steps').list() : starts.map(() => 1);
  const result = new Array<readonly number[] | undefined>(shape.length).fill(undefined);
  axes.forEach((named, i) => {
    const axis = normalizeAxis(named, shape.length);
    const kept = slicedPositions(shape[axis]!, starts[i]!, ends[i]!, steps[i]!);
    call.state.spend(kept.length);
    result[axis] = kept;
  });
  return result;
}

const slice: Fold = ([x], call) => {
  const positions = slicedAxes(call, x!.shape);
  const shape = x!.shape.map((d, axis) => positions[axis]?.length ?? d);
  const strides = x!.shape.map((_, i) => sizeOf(x!.shape.slice(i + 1)));
  return rearranged(x!, shape, (at) =>
    at.reduce((sum, c, axis) => sum + (positions[axis]?.[c] ?? c) * strides[axis]!, 0),
  );
};

/** Shape that Reshape asks for, with its 0 (copy) and -1 (the rest) filled in. */
export function reshapedShape(from: Shape, asked: readonly number[], allowZero: boolean): number[] {
  checkRank(asked.length);
  const copied = asked.map((d, i) => (d === 0 && !allowZero ? (from[i] ?? 0) : d));
  const known = copied.reduce((product, d) => (d === -1 ? product : product * d), 1);
  return copied.map((d) => (d === -1 ? sizeOf(from) / known : d));
}

/** Shape after Squeeze. */
export function squeezedShape(call: Call, shape: Shape): number[] {
  const axes = call.ints(1, 'axes')?.map((axis) => normalizeAxis(axis, shape.length));
  const wrong = axes?.find((axis) => shape[axis] !== 1);
  if (wrong !== undefined) throw new Error(`axis ${wrong} of [${shape}] is not 1`);
  return shape.filter((d, i) => (axes ? !axes.includes(i) : d !== 1));
}

/** Shape after Unsqueeze. */
export function unsqueezedShape(call: Call, shape: Shape): number[] {
  const asked = call.ints(1, 'axes') ?? [];
  const rank = shape.length + asked.length;
  checkRank(rank);
  const axes = asked.map((axis) => normalizeAxis(axis, rank));
  const rest = [...shape];
  return Array.from({ length: rank }, (_, i) => (axes.includes(i) ? 1 : rest.shift()!));
}

const viewed =
  (shapeOf: (call: Call, shape: Shape) => readonly number[]): Fold =>
  ([x], call) =>
    knownOf(x!.dtype, shapeOf(call, x!.shape), x!.list());

const transpose: Fold = ([x], call) => {
  const perm = call.intList('perm') ?? x!.shape.map((_, i) => x!.shape.length - 1 - i);
  const strides = x!.shape.map((_, i) => sizeOf(x!.shape.slice(i + 1)));
  return rearranged(
    x!,
    perm.map((p) => x!.shape[p]!),
    (at) => at.reduce((sum, c, axis) => sum + c * strides[perm[axis]!]!, 0),
  );
};

/** Shape that Expand asks for: 1 keeps a dimension. */
export function expandedShape(shape: Shape, asked: readonly number[]): number[] {
  const rank = Math.max(shape.length, asked.length);
  checkRank(rank);
  return Array.from({ length: rank }, (_, i) => {
    const own = shape[i - rank + shape.length] ?? 1;
    const wanted = asked[i - rank + asked.length] ?? 1;
    return wanted === 1 ? own : wanted;
  });
}

const range: Fold = ([start, limit, step]) => {
  const [from, to, by] = [start!.values[0]!, limit!.values[0]!, step!.values[0]!];
  const size = checkKnownSize([Math.max(0, Math.ceil((to - from) / by))]);
  return knownOf(
    start!.dtype,
    [size],
    Array.from({ length: size }, (_, i) => from + i * by),
  );
};

const constantOfShape: Fold = ([shape], call) => {
  const filling = call.tensorAttribute('value');
  const size = checkKnownSize(shape!.list());
  return knownOf(
    filling?.dtype ?? 'float32',
    shape!.list(),
    new Array<number>(size).fill(filling?.values[0] ?? 0),
  );
};

const trilu: Fold = ([x, k], call) => {
  const [rows, columns] = x!.shape.slice(-2) as [number, number];
  const offset = k?.values[0] ?? 0;
  const upper = call.int('upper', 1) === 1;
  const values = x!.list().map((value, i) => {
    const distance = (i % columns) - (Math.floor(i / columns) % rows);
    return (upper ? distance >= offset : distance <= offset) ? value : 0;
  });
  return knownOf(x!.dtype, x!.shape, values);
};

/** By operator; a node is computed here only where all its inputs are known. */
export const folds: Readonly<Record<string, Fold>> = {
  Abs: each(Math.abs),
  Neg: each((x) => -x),
  Sign: each(Math.sign),
  Ceil: each(Math.ceil),
  Floor: each(Math.floor),
  Exp: each(Math.exp),
  Log: each(Math.log),
  Sqrt: each(Math.sqrt),
  Reciprocal: each((x) => 1 / x),
  Sin: each(Math.sin),
  Cos: each(Math.cos),
  Not: each((x) => 1 - x),
  Identity: each((x) => x),
  Add: side((a, b) => a + b),
  Sub: side((a, b) => a - b),
  Mul: side((a, b) => a * b),
  Div: side((a, b) => a / b),
  Pow: side((a, b) => a ** b),
  Mod: modulo,
  Min: running(Math.min),
  Max: running(Math.max),
  Equal: truth((a, b) => a === b),
  Less: truth((a, b) => a < b),
  LessOrEqual: truth((a, b) => a <= b),
  Greater: truth((a, b) => a > b),
  GreaterOrEqual: truth((a, b) => a >= b),
  And: truth((a, b) => a !== 0 && b !== 0),
  Or: truth((a, b) => a !== 0 || b !== 0),
  Xor: truth((a, b) => a !== b),
  Where: ([condition, a, b]) => zipped(a!.dtype, [condition!, a!, b!], (c, x, y) => (c === 0 ? y! : x!)),
  Cast: ([x], call) => knownOf(dtypeOfElement(call.int('to', 1)), x!.shape, x!.list()),
  CastLike: ([x, like]) => knownOf(like!.dtype, x!.shape, x!.list()),
  ReduceSum: reduced((a, b) => a + b),
  ReduceProd: reduced((a, b) => a * b),
  ReduceMax: reduced(Math.max),
  ReduceMin: reduced(Math.min),
  Gather: gather,
  Concat: concat,
  Slice: slice,
  Reshape: viewed((call, shape) =>
    reshapedShape(shape, call.known(1, 'the shape').list(), call.int('allowzero', 0) === 1),
  ),
  Squeeze: viewed(squeezedShape),
  Unsqueeze: viewed(unsqueezedShape),
  Flatten: viewed((call, shape) => {
    const axis = call.int('axis', 1);
    const at = axis < 0 ? axis + shape.length : axis;
    return [sizeOf(shape.slice(0, at)), sizeOf(shape.slice(at))];
  }),
  Transpose: transpose,
  Expand: ([x, shape]) => expanded(x!, expandedShape(x!.shape, shape!.list())),
  Range: range,
  ConstantOfShape: constantOfShape,
  Trilu: trilu,
};

const constantNode: Importer = (call) => {
  const tensor = call.tensorAttribute('value');
  if (tensor) return tensor;
  const ints = call.intList('value_ints');
  if (ints && call.hasAttribute('value_ints')) return knownInts(ints);
  const floats = call.floatList('value_floats');
  if (floats && call.hasAttribute('value_floats')) return knownOf('float32', [floats.length], [...floats]);
  if (call.hasAttribute('value_int')) return knownInts([call.int('value_int', 0)], []);
  if (call.hasAttribute('value_float')) return knownOf('float32', [], [call.float('value_float', 0)]);
  throw new Error('holds no number or tensor');
};

/** Operators that are nothing but shape arithmetic. */
export const arithmetic: Readonly<Record<string, Importer>> = {
  Constant: constantNode,
  Shape: (call) => {
    const shape = call.shapeOf(0);
    const limit = (at: number) => Math.min(Math.max(at < 0 ? at + shape.length : at, 0), shape.length);
    return knownInts(shape.slice(limit(call.int('start', 0)), limit(call.int('end', shape.length))));
  },
  Size: (call) => knownInts([sizeOf(call.shapeOf(0))], []),
};
