/** @file One shape rule per operator: output types from input types and attributes, with errors that say what is wrong. */

import { lossRules } from './loss-rules.js';
import { pooled } from './pooling-rules.js';
import { quantizationRules } from './quantization-rules.js';
import { type DType, isFloat, type Shape, sameShape, type TensorType } from './types.js';
import type { ConvAttributes, None, OpAttributes, OpName, ReduceAttributes } from './vocabulary.js';

type ShapeRule<Attributes> = (inputs: readonly TensorType[], attributes: Attributes) => readonly TensorType[];

/** Numpy broadcasting of two shapes. */
export function broadcastShapes(a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const x = a[i - rank + a.length] ?? 1;
    const y = b[i - rank + b.length] ?? 1;
    if (x !== y && x !== 1 && y !== 1) throw new Error(`shapes [${a}] and [${b}] do not broadcast`);
    return x === 1 ? y : x;
  });
}

/** Turns a possibly negative axis into 0 ≤ axis < rank. */
export function normalizeAxis(axis: number, rank: number): number {
  const result = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(result) || result < 0 || result >= rank)
    throw new Error(`axis ${axis} is outside rank ${rank}`);
  return result;
}

/** Spatial output size of a convolution. */
export function convOutputSize(
  size: readonly [number, number],
  kernel: readonly [number, number],
  { strides, pads, dilations }: ConvAttributes,
): [number, number] {
  const extent = (i: 0 | 1) =>
    Math.floor((size[i] + pads[i] + pads[i + 2]! - dilations[i] * (kernel[i] - 1) - 1) / strides[i]) + 1;
  return [extent(0), extent(1)];
}

function check(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(message);
}

function expectInputs(inputs: readonly TensorType[], count: number): void {
  check(inputs.length === count, `takes ${count} inputs, got ${inputs.length}`);
}

function expectRank(type: TensorType, rank: number, what: string): void {
  check(type.shape.length === rank, `${what} must have rank ${rank}, got [${type.shape}]`);
}

function sameType(inputs: readonly TensorType[]): DType {
  const dtype = inputs[0]!.dtype;
  for (const input of inputs) check(input.dtype === dtype, `mixes ${dtype} and ${input.dtype}`);
  return dtype;
}

function expectPositions(x: TensorType, positions: TensorType, axis: number): void {
  check(positions.dtype === 'int64', `positions must be int64, got ${positions.dtype}`);
  expectRank(positions, x.shape.length, 'positions');
  const along = normalizeAxis(axis, x.shape.length);
  check(
    x.shape.every((d, i) => i === along || d === positions.shape[i]),
    `positions [${positions.shape}] do not fit [${x.shape}] along axis ${axis}`,
  );
}

const size2 = (type: TensorType): [number, number] => [type.shape[2]!, type.shape[3]!];

const unary: ShapeRule<None> = (inputs) => {
  expectInputs(inputs, 1);
  return [{ dtype: inputs[0]!.dtype, shape: inputs[0]!.shape }];
};

const floatUnary: ShapeRule<None> = (inputs) => {
  expectInputs(inputs, 1);
  const { dtype, shape } = inputs[0]!;
  check(isFloat({ dtype }), `needs float32, got ${dtype}`);
  return [{ dtype, shape }];
};

const binary: ShapeRule<None> = (inputs) => {
  expectInputs(inputs, 2);
  return [{ dtype: sameType(inputs), shape: broadcastShapes(inputs[0]!.shape, inputs[1]!.shape) }];
};

const comparison: ShapeRule<None> = (inputs) => {
  const [type] = binary(inputs, {});
  return [{ dtype: 'bool', shape: type!.shape }];
};

const logical: ShapeRule<None> = (inputs) => {
  for (const { dtype } of inputs) check(dtype === 'bool', `needs bool, got ${dtype}`);
  return inputs.length === 1 ? unary(inputs, {}) : binary(inputs, {});
};

function reducedShape(shape: Shape, axes: readonly number[], keepDims: boolean): Shape {
  const reduced = new Set(axes.map((axis) => normalizeAxis(axis, shape.length)));
  check(reduced.size === axes.length, `axes [${axes}] repeat`);
  return keepDims ? shape.map((d, i) => (reduced.has(i) ? 1 : d)) : shape.filter((_, i) => !reduced.has(i));
}

const reduction = (inputs: readonly TensorType[], { axes, keepDims }: ReduceAttributes) => {
  expectInputs(inputs, 1);
  check(axes.length > 0, 'needs at least one axis');
  return [{ dtype: inputs[0]!.dtype, shape: reducedShape(inputs[0]!.shape, axes, keepDims) }];
};

const resize = (inputs: readonly TensorType[], { size }: { size: readonly [number, number] }) => {
  expectInputs(inputs, 1);
  expectRank(inputs[0]!, 4, 'input');
  check(
    size.every((d) => Number.isInteger(d) && d > 0),
    `size [${size}] must be positive integers`,
  );
  return [{ dtype: inputs[0]!.dtype, shape: [...inputs[0]!.shape.slice(0, 2), ...size] }];
};

export const shapeRules: { readonly [O in OpName]: ShapeRule<OpAttributes[O]> } = {
  input: (_, { type }) => [type],
  constant: (_, { data, type }) => {
    const size = type.shape.reduce((a, b) => a * b, 1);
    check(data.length === size, `data of ${data.length} values does not fill [${type.shape}]`);
    return [type];
  },

  neg: unary,
  abs: unary,
  floor: floatUnary,
  exp: floatUnary,
  log: floatUnary,
  sqrt: floatUnary,
  reciprocal: floatUnary,
  erf: floatUnary,
  relu: floatUnary,
  sigmoid: floatUnary,
  tanh: floatUnary,
  gelu: floatUnary,
  geluGrad: (inputs) => {
    expectInputs(inputs, 2);
    const [dy, x] = inputs as [TensorType, TensorType];
    check(sameShape(dy.shape, x.shape), `gradient [${dy.shape}] and input [${x.shape}] differ`);
    return [{ dtype: sameType(inputs), shape: x.shape }];
  },
  positive: floatUnary,
  not: logical,
  stopGradient: unary,
  cast: (inputs, { to }) => {
    expectInputs(inputs, 1);
    return [{ dtype: to, shape: inputs[0]!.shape }];
  },

  add: binary,
  sub: binary,
  mul: binary,
  div: binary,
  pow: binary,
  maximum: binary,
  minimum: binary,
  equal: comparison,
  less: comparison,
  greater: comparison,
  greaterOrEqual: comparison,
  and: logical,

  where: (inputs) => {
    expectInputs(inputs, 3);
    const [condition, a, b] = inputs as [TensorType, TensorType, TensorType];
    check(condition.dtype === 'bool', `condition must be bool, got ${condition.dtype}`);
    const shape = broadcastShapes(condition.shape, broadcastShapes(a.shape, b.shape));
    return [{ dtype: sameType([a, b]), shape }];
  },

  reduceSum: reduction,
  reduceMean: reduction,
  reduceMax: reduction,
  argMax: (inputs, { axis, keepDims }) => {
    expectInputs(inputs, 1);
    return [{ dtype: 'int64', shape: reducedShape(inputs[0]!.shape, [axis], keepDims) }];
  },
  softmax: (inputs, { axis }) => {
    normalizeAxis(axis, inputs[0]!.shape.length);
    return floatUnary(inputs, {});
  },
  upperQuantile: (inputs) => {
    expectInputs(inputs, 2);
    const [x, share] = inputs as [TensorType, TensorType];
    check(sameType(inputs) === 'float32', `needs float32, got ${x.dtype}`);
    expectRank(x, 1, 'input');
    expectRank(share, 0, 'share');
    check(x.shape[0]! > 0, 'needs at least one value');
    return [{ dtype: 'float32', shape: [] }];
  },

  sort: (inputs, { axis }) => {
    const [values] = floatUnary(inputs, {});
    normalizeAxis(axis, values!.shape.length);
    return [values!, { dtype: 'int64', shape: values!.shape }];
  },
  cumSum: (inputs, { axis }) => {
    normalizeAxis(axis, inputs[0]!.shape.length);
    return floatUnary(inputs, {});
  },
  gatherElements: (inputs, { axis }) => {
    expectInputs(inputs, 2);
    const [x, positions] = inputs as [TensorType, TensorType];
    expectPositions(x, positions, axis);
    return [{ dtype: x.dtype, shape: positions.shape }];
  },
  scatterElements: (inputs, { axis }) => {
    expectInputs(inputs, 3);
    const [x, positions, values] = inputs as [TensorType, TensorType, TensorType];
    expectPositions(x, positions, axis);
    check(
      sameShape(values.shape, positions.shape),
      `values [${values.shape}] and positions [${positions.shape}] differ`,
    );
    return [{ dtype: sameType([x, values]), shape: x.shape }];
  },

  reshape: (inputs, { shape }) => {
    expectInputs(inputs, 1);
    const [from, to] = [inputs[0]!.shape, shape].map((s) => s.reduce((a, b) => a * b, 1));
    check(from === to && shape.every(Number.isInteger), `cannot view ${from} values as [${shape}]`);
    return [{ dtype: inputs[0]!.dtype, shape }];
  },
  transpose: (inputs, { perm }) => {
    expectInputs(inputs, 1);
    const { dtype, shape } = inputs[0]!;
    const sorted = [...perm].sort((a, b) => a - b);
    check(
      perm.length === shape.length && sorted.every((p, i) => p === i),
      `[${perm}] is no permutation of its axes`,
    );
    return [{ dtype, shape: perm.map((p) => shape[p]!) }];
  },
  concat: (inputs, { axis }) => {
    check(inputs.length > 0, 'needs at least one input');
    const first = inputs[0]!;
    const along = normalizeAxis(axis, first.shape.length);
    for (const { shape } of inputs) {
      const fits =
        shape.length === first.shape.length && shape.every((d, i) => i === along || d === first.shape[i]);
      check(fits, `[${shape}] does not join [${first.shape}] along axis ${axis}`);
    }
    const total = inputs.reduce((sum, { shape }) => sum + shape[along]!, 0);
    return [{ dtype: sameType(inputs), shape: first.shape.map((d, i) => (i === along ? total : d)) }];
  },
  split: (inputs, { axis, sizes }) => {
    expectInputs(inputs, 1);
    const { dtype, shape } = inputs[0]!;
    const along = normalizeAxis(axis, shape.length);
    const total = sizes.reduce((a, b) => a + b, 0);
    check(total === shape[along], `parts add up to ${total}, axis ${axis} has ${shape[along]}`);
    return sizes.map((part) => ({ dtype, shape: shape.map((d, i) => (i === along ? part : d)) }));
  },
  slice: (inputs, { axes, starts, ends, steps }) => {
    expectInputs(inputs, 1);
    const { dtype, shape } = inputs[0]!;
    const result = [...shape];
    axes.forEach((axis, i) => {
      const [start, end, step] = [starts[i]!, ends[i]!, steps[i]!];
      const along = normalizeAxis(axis, shape.length);
      const length = shape[along]!;
      check(
        step > 0 && start >= 0 && start < end && end <= length,
        `[${start}:${end}:${step}] is outside 0..${length}`,
      );
      result[along] = Math.ceil((end - start) / step);
    });
    return [{ dtype, shape: result }];
  },
  pad: (inputs, { pads }) => {
    expectInputs(inputs, 1);
    const { dtype, shape } = inputs[0]!;
    check(pads.length === 2 * shape.length, `needs ${2 * shape.length} pads, got ${pads.length}`);
    check(
      pads.every((p) => p >= 0),
      `pads [${pads}] must not be negative`,
    );
    return [{ dtype, shape: shape.map((d, i) => d + pads[i]! + pads[i + shape.length]!) }];
  },
  expand: (inputs, { shape }) => {
    expectInputs(inputs, 1);
    const result = broadcastShapes(inputs[0]!.shape, shape);
    check(
      result.length === shape.length && result.every((d, i) => d === shape[i]),
      `cannot expand to [${shape}]`,
    );
    return [{ dtype: inputs[0]!.dtype, shape }];
  },
  take: (inputs, { axis, indices }) => {
    expectInputs(inputs, 1);
    const { dtype, shape } = inputs[0]!;
    const along = normalizeAxis(axis, shape.length);
    check(
      indices.every((i) => i >= 0 && i < shape[along]!),
      `indices leave 0..${shape[along]! - 1}`,
    );
    return [{ dtype, shape: shape.map((d, i) => (i === along ? indices.length : d)) }];
  },

  matMul: (inputs, { transA, transB }) => {
    expectInputs(inputs, 2);
    const [a, b] = inputs as [TensorType, TensorType];
    check(a.shape.length >= 2 && b.shape.length >= 2, 'needs rank 2 or more on both sides');
    const [m, k] = transA ? [a.shape.at(-1)!, a.shape.at(-2)!] : [a.shape.at(-2)!, a.shape.at(-1)!];
    const [k2, n] = transB ? [b.shape.at(-1)!, b.shape.at(-2)!] : [b.shape.at(-2)!, b.shape.at(-1)!];
    check(k === k2, `inner sizes ${k} and ${k2} differ`);
    const batch = broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2));
    return [{ dtype: sameType(inputs), shape: [...batch, m, n] }];
  },
  conv: (inputs, attributes) => {
    check(inputs.length === 2 || inputs.length === 3, `takes 2 or 3 inputs, got ${inputs.length}`);
    const [x, weight, bias] = inputs as [TensorType, TensorType, TensorType?];
    expectRank(x, 4, 'input');
    expectRank(weight, 4, 'weight');
    const [out, perGroup, kh, kw] = weight.shape as [number, number, number, number];
    const { group } = attributes;
    check(
      x.shape[1] === perGroup * group,
      `input has ${x.shape[1]} channels, weight expects ${perGroup} x ${group} groups`,
    );
    check(out % group === 0, `${out} output channels do not divide into ${group} groups`);
    if (bias)
      check(bias.shape.length === 1 && bias.shape[0] === out, `bias [${bias.shape}] must be [${out}]`);
    const size = convOutputSize(size2(x), [kh, kw], attributes);
    check(
      size.every((d) => d > 0),
      `kernel ${kh}x${kw} does not fit into ${x.shape[2]}x${x.shape[3]}`,
    );
    return [{ dtype: sameType(inputs), shape: [x.shape[0]!, out, ...size] }];
  },
  convInputGrad: (inputs, attributes) => {
    expectInputs(inputs, 2);
    const [dy, weight] = inputs as [TensorType, TensorType];
    const [out, perGroup, kh, kw] = weight.shape as [number, number, number, number];
    const size = convOutputSize(attributes.inputSize, [kh, kw], attributes);
    const expected = [dy.shape[0]!, out, ...size];
    check(sameShape(dy.shape, expected), `output gradient must be [${expected}]`);
    return [
      {
        dtype: sameType(inputs),
        shape: [dy.shape[0]!, perGroup * attributes.group, ...attributes.inputSize],
      },
    ];
  },
  convWeightGrad: (inputs, attributes) => {
    expectInputs(inputs, 2);
    const [x, dy] = inputs as [TensorType, TensorType];
    const size = convOutputSize(size2(x), attributes.kernel, attributes);
    const expected = [x.shape[0]!, dy.shape[1]!, ...size];
    check(sameShape(dy.shape, expected), `output gradient must be [${expected}]`);
    check(
      x.shape[1]! % attributes.group === 0 && dy.shape[1]! % attributes.group === 0,
      `${x.shape[1]} and ${dy.shape[1]} channels do not divide into ${attributes.group} groups`,
    );
    return [
      {
        dtype: sameType(inputs),
        shape: [dy.shape[1]!, x.shape[1]! / attributes.group, ...attributes.kernel],
      },
    ];
  },

  batchNorm: (inputs) => {
    expectInputs(inputs, 3);
    const [x, ...vectors] = inputs as [TensorType, TensorType, TensorType];
    const channels = x.shape[1]!;
    for (const v of vectors)
      check(v.shape.length === 1 && v.shape[0] === channels, `[${v.shape}] must be [${channels}]`);
    const statistics: TensorType = { dtype: 'float32', shape: [channels] };
    return [{ dtype: sameType(inputs), shape: x.shape }, statistics, statistics];
  },
  batchNormGrad: (inputs) => {
    expectInputs(inputs, 5);
    const [dy, x, scale] = inputs as [TensorType, TensorType, TensorType];
    check(sameShape(dy.shape, x.shape), `gradient [${dy.shape}] and input [${x.shape}] differ`);
    const vector: TensorType = { dtype: 'float32', shape: scale.shape };
    return [{ dtype: 'float32', shape: x.shape }, vector, vector];
  },

  ...quantizationRules,
  ...lossRules,

  averagePool: (inputs, { kernel }) => {
    expectInputs(inputs, 1);
    expectRank(inputs[0]!, 4, 'input');
    const { dtype, shape } = inputs[0]!;
    const [h, w] = size2(inputs[0]!);
    check(h % kernel[0] === 0 && w % kernel[1] === 0, `windows of ${kernel.join('x')} do not tile ${h}x${w}`);
    return [{ dtype, shape: [shape[0]!, shape[1]!, h / kernel[0], w / kernel[1]] }];
  },
  maxPool: pooled,
  resizeNearest: resize,
  resizeBilinear: resize,

  onnx: (_, { types }) => types,
};
