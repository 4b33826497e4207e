/**
 * @file Evaluates single operators in TypeScript, for constant folding. Covers what weights and shapes meet at compile
 * time; anything else returns undefined and is left to the runtime.
 */
import { evaluateQuantization } from './quantization-rules.js';
import { type AnyNode, type DType, type Shape, sizeOf, type Tensor, type TensorData } from './tensor.js';
import type { OpName } from './vocabulary.js';

const unaryFunctions: Partial<Record<OpName, (x: number) => number>> = {
  neg: (x) => -x,
  exp: Math.exp,
  log: Math.log,
  sqrt: Math.sqrt,
  reciprocal: (x) => 1 / x,
  abs: Math.abs,
  floor: Math.floor,
  relu: (x) => Math.max(x, 0),
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  tanh: Math.tanh,
  positive: (x) => (x > 0 ? 1 : 0),
};

const binaryFunctions: Partial<Record<OpName, (a: number, b: number) => number>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  pow: (a, b) => a ** b,
  maximum: Math.max,
  minimum: Math.min,
};

/**
 * Values of a node's outputs, or undefined where the operator or its types are not covered.
 * @param values data of `inputs`, in order.
 */
export function evaluateNode(
  node: AnyNode,
  inputs: readonly Tensor[],
  values: readonly TensorData[],
): readonly TensorData[] | undefined {
  const x = inputs[0]!;
  const data = values[0]!;
  const shape = node.outputs[0]!.shape;

  if (node.op === 'reshape') return [data];
  if (node.op === 'cast') return castData(data, x.dtype, node.attributes.to);
  if (node.op === 'quantizeLinear' || node.op === 'dequantizeLinear' || node.op === 'fakeQuantize')
    return [evaluateQuantization(node, inputs, values)];
  if (!values.every((value) => value instanceof Float32Array)) return undefined;
  const floats = values as readonly Float32Array[];
  const source = floats[0]!;

  const unary = unaryFunctions[node.op];
  if (unary) return [source.map(unary)];
  const binary = binaryFunctions[node.op];
  if (binary) {
    const [a, b] = inputs as [Tensor, Tensor];
    const [ia, ib] = [broadcastIndex(a.shape, shape), broadcastIndex(b.shape, shape)];
    return [filled(shape, (i) => binary(source[ia(i)]!, floats[1]![ib(i)]!))];
  }
  switch (node.op) {
    case 'expand': {
      const index = broadcastIndex(x.shape, shape);
      return [filled(shape, (i) => source[index(i)]!)];
    }
    case 'transpose':
      return [gather(source, shape, permutedStrides(x.shape, node.attributes.perm), 0)];
    case 'slice': {
      const strides = stridesOf(x.shape);
      let offset = 0;
      node.attributes.axes.forEach((axis, i) => {
        offset += node.attributes.starts[i]! * strides[axis]!;
        strides[axis]! *= node.attributes.steps[i]!;
      });
      return [gather(source, shape, strides, offset)];
    }
    case 'take': {
      const { axis, indices } = node.attributes;
      const inner = sizeOf(x.shape.slice(axis + 1));
      const length = x.shape[axis]!;
      return [
        filled(shape, (i) => {
          const outer = Math.floor(i / (inner * indices.length));
          const index = indices[Math.floor(i / inner) % indices.length]!;
          return source[(outer * length + index) * inner + (i % inner)]!;
        }),
      ];
    }
    case 'concat':
      return node.attributes.axis === 0 ? [joinFlat(floats)] : undefined;
    case 'reduceSum':
    case 'reduceMean': {
      const kept = x.shape.map((d, i) => (node.attributes.axes.includes(i) ? 1 : d));
      const index = broadcastIndex(kept, x.shape);
      const sums = new Float64Array(sizeOf(shape));
      source.forEach((value, i) => {
        sums[index(i)]! += value;
      });
      const divisor = node.op === 'reduceMean' ? source.length / sums.length : 1;
      return [Float32Array.from(sums, (sum) => sum / divisor)];
    }
    default:
      return undefined;
  }
}

function castData(data: TensorData, from: DType, to: DType): readonly TensorData[] | undefined {
  if (from === to) return [data];
  const numbers = Array.from(data as ArrayLike<number | bigint>, Number);
  if (to === 'float32' || to === 'float16') return [Float32Array.from(numbers)];
  if (!numbers.every(Number.isFinite)) return undefined;
  if (to === 'int32') return [Int32Array.from(numbers, Math.trunc)];
  if (to === 'int64') return [BigInt64Array.from(numbers, (v) => BigInt(Math.trunc(v)))];
  return undefined;
}

/** A loop: `Float32Array.from` takes several times as long, which is seconds for the weights of large networks. */
function filled(shape: Shape, valueAt: (index: number) => number): Float32Array {
  const values = new Float32Array(sizeOf(shape));
  for (let i = 0; i < values.length; i++) values[i] = valueAt(i);
  return values;
}

function joinFlat(parts: readonly Float32Array[]): Float32Array {
  const result = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    result.set(part, offset);
    offset += part.length;
  }
  return result;
}

function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = stride;
    stride *= shape[i]!;
  }
  return strides;
}

function permutedStrides(shape: Shape, perm: readonly number[]): number[] {
  const strides = stridesOf(shape);
  return perm.map((p) => strides[p]!);
}

/** Reads `source` with the given strides into a dense array of `shape`. */
function gather(
  source: Float32Array,
  shape: Shape,
  strides: readonly number[],
  offset: number,
): Float32Array {
  const dense = stridesOf(shape);
  return filled(shape, (i) => {
    let rest = i;
    let at = offset;
    for (let axis = 0; axis < shape.length; axis++) {
      const coordinate = Math.floor(rest / dense[axis]!);
      rest -= coordinate * dense[axis]!;
      at += coordinate * strides[axis]!;
    }
    return source[at]!;
  });
}

/** Maps a flat index of the broadcast shape `to` to one of `from`. */
function broadcastIndex(from: Shape, to: Shape): (index: number) => number {
  const lead = to.length - from.length;
  const source = stridesOf(from);
  const strides = to.map((_, axis) => (axis < lead || from[axis - lead] === 1 ? 0 : source[axis - lead]!));
  const dense = stridesOf(to);
  if (strides.every((stride, axis) => stride === dense[axis] || to[axis] === 1)) return (index) => index;
  return (index) => {
    let rest = index;
    let at = 0;
    for (let axis = 0; axis < to.length; axis++) {
      const coordinate = Math.floor(rest / dense[axis]!);
      rest -= coordinate * dense[axis]!;
      at += coordinate * strides[axis]!;
    }
    return at;
  };
}
