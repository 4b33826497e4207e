/**
 * @file What layers of OpenVINO mean, as operators of the graph: those that the exporter writes, and their near relatives from
 * other versions and other programs.
 */

import {
  abs,
  add,
  and,
  argMax,
  cast,
  concat,
  div,
  equal,
  erf,
  exp,
  expand,
  floor,
  gelu,
  greater,
  greaterOrEqual,
  less,
  log,
  matMul,
  maximum,
  minimum,
  mul,
  neg,
  not,
  pad,
  pow,
  reduceMax,
  reduceMean,
  reduceSum,
  relu,
  reshape,
  type Shape,
  sigmoid,
  sliceAxes,
  softmax,
  split,
  sqrt,
  sub,
  type Tensor,
  take,
  tanh,
  transpose,
  where,
} from '../../../graph/index.js';
import { cumSum, gatherElements, scatterElements, sort } from '../../../graph/order.js';
import { broadcastShapes } from '../../../graph/shape-rules.js';
import { dtypeOf } from './constants.js';
import { named } from './document.js';
import type { LayerReader } from './layer-reader.js';
import { readFakeQuantize } from './rounding.js';
import { readConvolution, readGroupConvolution, readInterpolate, readPool } from './spatial.js';

/** Gives the outputs of a layer. */
type Meaning = (layer: LayerReader) => readonly Tensor[];

/** Meaning of a type, and the operator sets whose operator of this name has it; any where there is none. */
interface Known {
  readonly meaning: Meaning;
  readonly versions?: readonly string[];
}

const unary = (f: (x: Tensor) => Tensor): Known => ({ meaning: (layer) => [f(layer.input(0))] });

const binary = (f: (a: Tensor, b: Tensor) => Tensor): Known => ({
  meaning: (layer) => {
    layer.word('auto_broadcast', ['numpy', 'none'], 'numpy');
    return [f(layer.input(0), layer.input(1))];
  },
});

const reduction = (f: (x: Tensor, along: { axes: number[]; keepDims: boolean }) => Tensor): Known => ({
  meaning: (layer) => {
    const axes = layer.axes(1);
    // Over no axis nothing is reduced.
    if (axes.length === 0) return [layer.input(0)];
    return [f(layer.input(0), { axes, keepDims: layer.flag('keep_dims', false) })];
  },
});

const convert: Meaning = (layer) => {
  const to = dtypeOf(layer.text('destination_type'), layer.where);
  const x = layer.input(0);
  return [x.dtype === to ? x : cast(x, to)];
};

const readReshape: Meaning = (layer) => {
  const x = layer.input(0);
  const copies = layer.flag('special_zero');
  const target = layer.ints(1).map((size, axis) => (size === 0 && copies ? (x.shape[axis] ?? 0) : size));
  const known = target.filter((size) => size !== -1);
  if (target.length - known.length > 1) layer.refuse(`has several open sizes in [${target}]`);
  const rest = x.size / known.reduce((product, size) => product * size, 1);
  return [reshape(x, layer.sizes(target.map((size) => (size === -1 ? rest : size))))];
};

const readSqueeze: Meaning = (layer) => {
  const x = layer.input(0);
  const ones = x.shape.flatMap((size, axis) => (size === 1 ? [axis] : []));
  const axes = layer.has(1) ? layer.axes(1) : ones;
  if (!axes.every((axis) => x.shape[axis] === 1)) layer.refuse(`leaves out axes [${axes}] of [${x.shape}]`);
  return [
    reshape(
      x,
      x.shape.filter((_, axis) => !axes.includes(axis)),
    ),
  ];
};

const readUnsqueeze: Meaning = (layer) => {
  const x = layer.input(0);
  const added = layer.ints(1).length;
  const axes = new Set(layer.axes(1, x.rank + added));
  if (axes.size !== added) layer.refuse('adds an axis twice');
  const old = [...x.shape];
  return [
    reshape(
      x,
      Array.from({ length: x.rank + added }, (_, axis) => (axes.has(axis) ? 1 : old.shift()!)),
    ),
  ];
};

const readVariadicSplit: Meaning = (layer) => {
  const x = layer.input(0);
  const axis = layer.axis(layer.int(1));
  const sizes = layer.ints(2);
  const rest = x.shape[axis]! - sizes.reduce((sum, size) => sum + Math.max(size, 0), 0);
  const parts = layer.sizes(sizes.map((size) => (size === -1 ? rest : size)));
  return split(x, expectCount(layer, parts), axis);
};

function expectCount(layer: LayerReader, parts: Shape): Shape {
  const outputs = layer.layer.outputs.length;
  return parts.length === outputs ? parts : layer.refuse(`has ${outputs} outputs for ${parts.length} parts`);
}

const readSplit: Meaning = (layer) => {
  const axis = layer.axis(layer.int(1));
  const count = layer.wholeNumber('num_splits');
  const size = layer.input(0).shape[axis]! / count;
  if (!(Number.isInteger(size) && size > 0)) layer.refuse(`cuts ${layer.input(0).shape[axis]} into ${count}`);
  const parts = layer.layer.outputs.map(() => size);
  if (parts.length !== count) layer.refuse(`has ${parts.length} outputs for ${count} parts`);
  return split(layer.input(0), parts, axis);
};

const readSlice: Meaning = (layer) => {
  const x = layer.input(0);
  const [starts, ends, steps] = [layer.ints(1), layer.ints(2), layer.ints(3)];
  const axes = layer.has(4) ? layer.axes(4) : starts.map((_, axis) => layer.axis(axis));
  if (![starts, ends, steps].every(({ length }) => length === axes.length))
    layer.refuse('is of unequal parts');
  const within = (position: number, axis: number): number => {
    const size = x.shape[axis]!;
    return Math.min(Math.max(position < 0 ? position + size : position, 0), size);
  };
  return [
    sliceAxes(x, {
      axes,
      starts: starts.map((start, i) => within(start, axes[i]!)),
      ends: ends.map((end, i) => within(end, axes[i]!)),
      steps,
    }),
  ];
};

const readPad: Meaning = (layer) => {
  layer.word('pad_mode', ['constant']);
  const value = layer.has(3) ? layer.numbers(3)[0] : 0;
  return [pad(layer.input(0), [...layer.ints(1), ...layer.ints(2)], value)];
};

const readBroadcast: Meaning = (layer) => {
  const mode = layer.word('mode', ['numpy', 'bidirectional'], 'numpy');
  const x = layer.input(0);
  const target = layer.sizes(layer.ints(1));
  return [expand(x, mode === 'numpy' ? target : broadcastShapes(x.shape, target))];
};

const readGather: Meaning = (layer) => {
  if (layer.wholeNumber('batch_dims', 0) !== 0) layer.refuse('gathers by batch');
  const x = layer.input(0);
  const axis = layer.axis(layer.int(2));
  const indices = layer.ints(1).map((index) => (index < 0 ? index + x.shape[axis]! : index));
  const taken = take(x, axis, indices);
  const { shape } = layer.input(1);
  return [
    shape.length === 1
      ? taken
      : reshape(taken, [...x.shape.slice(0, axis), ...shape, ...x.shape.slice(axis + 1)]),
  ];
};

/** The position of the largest value, or all values by size. */
const readTopK: Meaning = (layer) => {
  const x = layer.input(0);
  const axis = layer.axis(layer.wholeNumber('axis'));
  const count = layer.int(1);
  layer.word('mode', ['max']);
  const positionType = dtypeOf(layer.text('index_element_type', 'i32'), layer.where);
  const typed = (positions: Tensor) => (positionType === 'int64' ? positions : cast(positions, positionType));
  if (count === 1) return [reduceMax(x, { axes: [axis], keepDims: true }), typed(argMax(x, axis, true))];
  layer.word('sort', ['value']);
  if (count !== x.shape[axis]) layer.refuse(`selects ${count} of ${x.shape[axis]}; 1 or all are read`);
  const { values, positions } = sort(x, axis);
  return [values, typed(positions)];
};

const readMatMul: Meaning = (layer) => [
  matMul(layer.input(0), layer.input(1), {
    transA: layer.flag('transpose_a', false),
    transB: layer.flag('transpose_b', false),
  }),
];

const readCumSum: Meaning = (layer) => {
  if (layer.flag('exclusive', false)) layer.refuse('leaves each value out of its own sum');
  return [cumSum(layer.input(0), layer.axis(layer.int(1)), { reverse: layer.flag('reverse', false) })];
};

const readScatter: Meaning = (layer) => {
  layer.word('reduction', ['sum']);
  if (!layer.flag('use_init_val', true)) layer.refuse('does not start from its input');
  return [scatterElements(layer.input(0), layer.input(1), layer.input(2), layer.axis(layer.int(3)))];
};

const readGelu: Meaning = (layer) => {
  layer.word('approximation_mode', ['erf'], 'erf');
  return [gelu(layer.input(0))];
};

const KNOWN: Readonly<Record<string, Known>> = {
  Abs: unary(abs),
  Add: binary(add),
  AvgPool: { meaning: readPool },
  Broadcast: { meaning: readBroadcast },
  Clamp: { meaning: (layer) => [minimum(maximum(layer.input(0), layer.number('min')), layer.number('max'))] },
  Concat: { meaning: (layer) => [concat(layer.inputs, layer.axis(layer.wholeNumber('axis')))] },
  Convert: { meaning: convert },
  Convolution: { meaning: readConvolution },
  CumSum: { meaning: readCumSum },
  Divide: binary(div),
  Equal: binary(equal),
  Erf: unary(erf),
  Exp: unary(exp),
  FakeQuantize: { meaning: readFakeQuantize, versions: ['opset1'] },
  Floor: unary(floor),
  Gather: { meaning: readGather, versions: ['opset1', 'opset7', 'opset8'] },
  GatherElements: {
    meaning: (layer) => [
      gatherElements(layer.input(0), layer.input(1), layer.axis(layer.wholeNumber('axis'))),
    ],
  },
  Gelu: { meaning: readGelu },
  Greater: binary(greater),
  GreaterEqual: binary(greaterOrEqual),
  GroupConvolution: { meaning: readGroupConvolution },
  Interpolate: { meaning: readInterpolate, versions: ['opset4', 'opset11'] },
  Less: binary(less),
  Log: unary(log),
  LogicalAnd: binary(and),
  LogicalNot: unary(not),
  MatMul: { meaning: readMatMul },
  Maximum: binary(maximum),
  Minimum: binary(minimum),
  Multiply: binary(mul),
  Negative: unary(neg),
  Pad: { meaning: readPad, versions: ['opset1'] },
  Power: binary(pow),
  ReLU: unary(relu),
  ReduceMax: reduction(reduceMax),
  ReduceMean: reduction(reduceMean),
  ReduceSum: reduction(reduceSum),
  Reshape: { meaning: readReshape },
  ScatterElementsUpdate: { meaning: readScatter, versions: ['opset12'] },
  Select: { meaning: (layer) => [where(layer.input(0), layer.input(1), layer.input(2))] },
  Sigmoid: unary(sigmoid),
  Slice: { meaning: readSlice, versions: ['opset8'] },
  SoftMax: { meaning: (layer) => [softmax(layer.input(0), layer.axis(layer.wholeNumber('axis', 1)))] },
  Split: { meaning: readSplit },
  Sqrt: unary(sqrt),
  Squeeze: { meaning: readSqueeze },
  Subtract: binary(sub),
  Tanh: unary(tanh),
  TopK: { meaning: readTopK },
  Transpose: { meaning: (layer) => [transpose(layer.input(0), layer.axes(1))] },
  Unsqueeze: { meaning: readUnsqueeze },
  VariadicSplit: { meaning: readVariadicSplit },
};

/**
 * The outputs of a layer.
 * @throws UnusableIr for what is not read, an Error of the graph for inputs that do not fit.
 */
export function meaningOf(layer: LayerReader): readonly Tensor[] {
  const { type, version } = layer.layer;
  const known = Object.hasOwn(KNOWN, type) ? KNOWN[type] : undefined;
  if (!known)
    return layer.refuse('is of a type that is not read; only models of "otx export" and their like are');
  if (known.versions && !known.versions.includes(version)) {
    layer.refuse(`is of ${named(version)}; ${known.versions.join(', ')} are read`);
  }
  return known.meaning(layer);
}
