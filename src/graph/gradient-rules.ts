/**
 * @file The gradient of every operator. A rule receives the gradient of its outputs and returns that of its inputs, in the
 * broadcast shape: the driver sums it down. `null` marks an operator through which no gradient flows.
 */
import { OtxError } from '../base/errors.js';
import {
  and,
  averagePool,
  cast,
  concat,
  cumSum,
  div,
  equal,
  exp,
  expand,
  full,
  gatherElements,
  greaterOrEqual,
  log,
  matMul,
  mul,
  neg,
  pad,
  positive,
  pow,
  reduceSum,
  reshape,
  resizeNearest,
  scatterElements,
  separableMap,
  slice,
  sliceAxes,
  split,
  sub,
  sumTo,
  transpose,
  where,
} from './builders.js';
import { printNode } from './print.js';
import { LIMITS } from './quantization-rules.js';
import { bilinearMatrix, nearestMatrix, takeMatrix } from './resampling.js';
import { createNode, type Node, type Shape, type Tensor } from './tensor.js';
import type { ConvAttributes, OpName, ReduceAttributes } from './vocabulary.js';

export interface GradientContext {
  /** Gradient of the first output. */
  readonly dy: Tensor;
  /** Gradients of all outputs; undefined where nothing depends on that output. */
  readonly dys: readonly (Tensor | undefined)[];
  /** Gradient of one output, zeros where nothing depends on it. */
  readonly dyOf: (output: number) => Tensor;
  /** Whether the gradient of this input is used; expensive rules ask first. */
  readonly needed: (input: number) => boolean;
}

type GradientRule<O extends OpName> = (
  context: GradientContext,
  node: Node<O>,
) => readonly (Tensor | undefined)[];

/** Shape of a reduction's result with the reduced axes kept as 1. */
function keptShape(x: Tensor, { axes }: ReduceAttributes): Shape {
  return x.shape.map((d, i) => (axes.includes(i) ? 1 : d));
}

function reducedSize(x: Tensor, { axes }: ReduceAttributes): number {
  return axes.reduce((product, axis) => product * x.shape[axis]!, 1);
}

/** Sends the gradient of max(a, b) or min(a, b) to the chosen side; ties go to the first. */
function choose(dy: Tensor, first: Tensor): readonly Tensor[] {
  return [where(first, dy, 0), where(first, 0, dy)];
}

export const gradientRules: { readonly [O in OpName]: GradientRule<O> | null } = {
  input: null,
  constant: null,

  neg: ({ dy }) => [neg(dy)],
  exp: ({ dy }, { outputs: [y] }) => [mul(dy, y!)],
  log: ({ dy }, { inputs: [x] }) => [div(dy, x!)],
  // d√x = dy / (2y)
  sqrt: ({ dy }, { outputs: [y] }) => [div(mul(dy, 0.5), y!)],
  // d(1/x) = −dy·y²
  reciprocal: ({ dy }, { outputs: [y] }) => [neg(mul(dy, mul(y!, y!)))],
  abs: ({ dy }, { inputs: [x] }) => [mul(dy, sub(positive(x!), positive(neg(x!))))],
  // d erf(x) = 2/√π · exp(−x²)
  erf: ({ dy }, { inputs: [x] }) => [mul(dy, mul(exp(neg(mul(x!, x!))), 2 / Math.sqrt(Math.PI)))],
  floor: null,
  relu: ({ dy }, { outputs: [y] }) => [mul(dy, positive(y!))],
  // y(1 − y)
  sigmoid: ({ dy }, { outputs: [y] }) => [mul(dy, mul(y!, sub(1, y!)))],
  tanh: ({ dy }, { outputs: [y] }) => [mul(dy, sub(1, mul(y!, y!)))],
  gelu: ({ dy }, { inputs: [x] }) => createNode('geluGrad', [dy, x!], {}),
  geluGrad: null,
  positive: null,
  not: null,
  stopGradient: null,
  cast: ({ dy }, { inputs: [x] }) => [cast(dy, x!.dtype)],

  add: ({ dy }) => [dy, dy],
  sub: ({ dy, needed }) => [dy, needed(1) ? neg(dy) : undefined],
  mul: ({ dy, needed }, { inputs: [a, b] }) => [
    needed(0) ? mul(dy, b!) : undefined,
    needed(1) ? mul(dy, a!) : undefined,
  ],
  // d(a/b) = dy/b, −dy·y/b
  div: ({ dy, needed }, { inputs: [, b], outputs: [y] }) => {
    const da = div(dy, b!);
    return [da, needed(1) ? neg(mul(da, y!)) : undefined];
  },
  // d(a^b) = dy·b·a^(b−1), dy·y·log a; a⁰ is constant and 0^b for b ≥ 0 flat in b, also where the formulas are 0·∞ (as in PyTorch).
  pow: ({ dy, needed }, { inputs: [a, b], outputs: [y] }) => [
    needed(0) ? where(equal(b!, 0), 0, mul(dy, mul(b!, pow(a!, sub(b!, 1))))) : undefined,
    needed(1) ? where(and(equal(a!, 0), greaterOrEqual(b!, 0)), 0, mul(dy, mul(y!, log(a!)))) : undefined,
  ],
  maximum: ({ dy }, { inputs: [a, b] }) => choose(dy, greaterOrEqual(a!, b!)),
  minimum: ({ dy }, { inputs: [a, b] }) => choose(dy, greaterOrEqual(b!, a!)),
  equal: null,
  less: null,
  greater: null,
  greaterOrEqual: null,
  and: null,
  where: ({ dy, needed }, { inputs: [condition] }) => [
    undefined,
    needed(1) ? where(condition!, dy, 0) : undefined,
    needed(2) ? where(condition!, 0, dy) : undefined,
  ],

  reduceSum: ({ dy }, { inputs: [x], attributes }) => [
    expand(reshape(dy, keptShape(x!, attributes)), x!.shape),
  ],
  reduceMean: ({ dy }, { inputs: [x], attributes }) => [
    expand(mul(reshape(dy, keptShape(x!, attributes)), 1 / reducedSize(x!, attributes)), x!.shape),
  ],
  // Equal maxima share the gradient, as in PyTorch's amax.
  reduceMax: ({ dy }, { inputs: [x], outputs: [y], attributes }) => {
    const kept = keptShape(x!, attributes);
    const hit = cast(equal(x!, reshape(y!, kept)), 'float32');
    const count = reduceSum(hit, { axes: attributes.axes, keepDims: true });
    return [mul(hit, div(reshape(dy, kept), count))];
  },
  argMax: null,
  // y·(dy − Σ dy·y)
  softmax: ({ dy }, { outputs: [y], attributes: { axis } }) => [
    mul(y!, sub(dy, reduceSum(mul(dy, y!), { axes: [axis], keepDims: true }))),
  ],
  upperQuantile: null,

  // The order itself is taken for constant, as it is almost everywhere.
  sort: ({ dy }, { inputs: [x], outputs: [, positions], attributes: { axis } }) => [
    scatterElements(full(x!.shape, 0, x!.dtype), positions!, dy, axis),
  ],
  cumSum: ({ dy }, { attributes: { axis, reverse } }) => [cumSum(dy, axis, { reverse: !reverse })],
  gatherElements: ({ dy }, { inputs: [x, positions], attributes: { axis } }) => [
    scatterElements(full(x!.shape, 0, x!.dtype), positions!, dy, axis),
  ],
  scatterElements: ({ dy, needed }, { inputs: [, positions], attributes: { axis } }) => [
    dy,
    undefined,
    needed(2) ? gatherElements(dy, positions!, axis) : undefined,
  ],

  reshape: ({ dy }, { inputs: [x] }) => [reshape(dy, x!.shape)],
  transpose: ({ dy }, { attributes: { perm } }) => {
    const inverse = perm.map((_, i) => perm.indexOf(i));
    return [transpose(dy, inverse)];
  },
  concat: ({ dy }, { inputs, attributes: { axis } }) =>
    split(
      dy,
      inputs.map((x) => x.shape[axis]!),
      axis,
    ),
  split: ({ dyOf }, { outputs, attributes: { axis } }) => [
    concat(
      outputs.map((_, i) => dyOf(i)),
      axis,
    ),
  ],
  slice: ({ dy }, { inputs: [x], attributes: { axes, starts, steps } }) => {
    const pads = new Array<number>(2 * x!.rank).fill(0);
    let dx = dy;
    axes.forEach((axis, i) => {
      dx = spread(dx, axis, steps[i]!);
      pads[axis] = starts[i]!;
      pads[axis + x!.rank] = x!.shape[axis]! - starts[i]! - dx.shape[axis]!;
    });
    return [trimAndPad(dx, pads)];
  },
  pad: ({ dy }, { inputs: [x], attributes: { pads } }) => {
    const axes = x!.shape.map((_, i) => i);
    const starts = axes.map((axis) => pads[axis]!);
    const ends = axes.map((axis) => pads[axis]! + x!.shape[axis]!);
    return [sliceAxes(dy, { axes, starts, ends, steps: axes.map(() => 1) })];
  },
  expand: ({ dy }, { inputs: [x] }) => [sumTo(dy, x!.shape)],
  // The transposed selection as a product with a 0/1 matrix: exact, and repeated indices add up.
  take: ({ dy }, { inputs: [x], attributes: { axis, indices } }) => {
    const matrix = takeMatrix(x!.shape[axis]!, indices);
    const last = x!.rank - 1;
    const perm = x!.shape.map((_, i) => (i === axis ? last : i === last ? axis : i));
    const rows = reshape(transpose(dy, perm), [dy.size / indices.length, indices.length]);
    const permuted = perm.map((p) => x!.shape[p]!);
    return [transpose(reshape(matMul(rows, matrix), permuted), perm)];
  },

  matMul: ({ dy, needed }, { inputs: [a, b], attributes: { transA, transB, alpha } }) => {
    // y = α·A·B: dA = α·dy·Bᵀ, dB = α·Aᵀ·dy, each transposed where the operand was.
    const da = () =>
      transA
        ? matMul(b!, dy, { transA: transB, transB: true, alpha })
        : matMul(dy, b!, { transB: !transB, alpha });
    const db = () =>
      transB
        ? matMul(dy, a!, { transA: true, transB: transA, alpha })
        : matMul(a!, dy, { transA: !transA, alpha });
    return [needed(0) ? da() : undefined, needed(1) ? db() : undefined];
  },
  conv: ({ dy, needed }, { inputs: [x, weight], attributes }) => [
    needed(0)
      ? createNode('convInputGrad', [dy, weight!], {
          ...attributes,
          inputSize: [x!.shape[2]!, x!.shape[3]!],
        })[0]
      : undefined,
    needed(1)
      ? createNode('convWeightGrad', [x!, dy], {
          ...attributes,
          kernel: [weight!.shape[2]!, weight!.shape[3]!],
        })[0]
      : undefined,
    needed(2) ? reduceSum(dy, { axes: [0, 2, 3] }) : undefined,
  ],
  // Both are linear in each operand, so their gradients are convolutions again.
  convInputGrad: ({ dy, needed }, { inputs: [g, weight], attributes }) => [
    needed(0) ? forwardConv(dy, weight!, attributes) : undefined,
    needed(1)
      ? createNode('convWeightGrad', [dy, g!], {
          ...attributes,
          kernel: [weight!.shape[2]!, weight!.shape[3]!],
        })[0]
      : undefined,
  ],
  convWeightGrad: ({ dy, needed }, { inputs: [x, g], attributes }) => [
    needed(0)
      ? createNode('convInputGrad', [g!, dy], { ...attributes, inputSize: [x!.shape[2]!, x!.shape[3]!] })[0]
      : undefined,
    needed(1) ? forwardConv(x!, dy, attributes) : undefined,
  ],

  // Batch statistics feed the running averages only; a gradient through them would be a mistake of the model code.
  batchNorm: ({ dy, dys }, node) => {
    if (dys[1] || dys[2])
      throw new OtxError('graph', `no gradient flows through the batch statistics of ${printNode(node)}`);
    const {
      inputs: [x, scale],
      outputs: [, mean, variance],
      attributes,
    } = node;
    return createNode('batchNormGrad', [dy, x!, scale!, mean!, variance!], attributes);
  },
  batchNormGrad: null,

  crossEntropy: ({ dy }, { inputs: [logits, labels], attributes }) =>
    createNode('crossEntropyGrad', [dy, logits!, labels!], attributes),
  crossEntropyGrad: null,

  quantizeLinear: null,
  dequantizeLinear: null,
  // Straight through between the ends of what the type can tell.
  fakeQuantize: ({ dy }, { inputs: [x, scale, zero], attributes: { axis } }) => {
    const [low, high] = LIMITS[zero!.dtype]!.map((limit) => {
      const end = mul(sub(limit, cast(zero!, 'float32')), scale!);
      return end.rank === 0
        ? end
        : reshape(
            end,
            x!.shape.map((d, i) => (i === axis ? d : 1)),
          );
    }) as [Tensor, Tensor];
    return [where(and(greaterOrEqual(x!, low), greaterOrEqual(high, x!)), dy, 0)];
  },

  averagePool: ({ dy }, { inputs: [x], attributes: { kernel } }) => [
    resizeNearest(mul(dy, 1 / (kernel[0] * kernel[1])), [x!.shape[2]!, x!.shape[3]!]),
  ],
  maxPool: ({ dy }, { inputs: [x], outputs: [, positions] }) => [maxPoolGradient(dy, x!, positions!)],
  resizeNearest: ({ dy }, { inputs: [x], attributes: { size } }) => {
    const [h, w] = [x!.shape[2]!, x!.shape[3]!];
    const [fh, fw] = [size[0] / h, size[1] / w];
    if (Number.isInteger(fh) && Number.isInteger(fw)) return [mul(averagePool(dy, [fh, fw]), fh * fw)];
    return [separableMap(dy, nearestMatrix(size[0], h), nearestMatrix(size[1], w))];
  },
  resizeBilinear: ({ dy }, { inputs: [x], attributes: { size, alignCorners } }) => {
    const rows = bilinearMatrix(x!.shape[2]!, size[0], alignCorners);
    const cols = bilinearMatrix(x!.shape[3]!, size[1], alignCorners);
    return [matMul(rows, matMul(dy, cols), { transA: true })];
  },

  onnx: null,
};

function forwardConv(x: Tensor, weight: Tensor, { strides, pads, dilations, group }: ConvAttributes): Tensor {
  return createNode('conv', [x, weight], { strides, pads, dilations, group })[0]!;
}

/** Inserts step − 1 zeros between neighbours along an axis. */
function spread(x: Tensor, axis: number, step: number): Tensor {
  if (step === 1) return x;
  const lead = x.shape.slice(0, axis + 1);
  const tail = x.shape.slice(axis + 1);
  const cells = reshape(x, [...lead, 1, ...tail]);
  const pads = new Array<number>(2 * cells.rank).fill(0);
  pads[cells.rank + axis + 1] = step - 1;
  return reshape(pad(cells, pads), [...lead.slice(0, -1), lead.at(-1)! * step, ...tail]);
}

/** Zero padding where negative end pads cut: after `spread` the last gap may reach beyond the end. */
function trimAndPad(x: Tensor, pads: readonly number[]): Tensor {
  let trimmed = x;
  for (let axis = 0; axis < x.rank; axis++) {
    const end = pads[axis + x.rank]!;
    if (end < 0) trimmed = slice(trimmed, axis, 0, x.shape[axis]! + end);
  }
  return pad(
    trimmed,
    pads.map((p) => Math.max(p, 0)),
  );
}

/** dy at the position that each largest value had; positions count through all of x. */
function maxPoolGradient(dy: Tensor, x: Tensor, positions: Tensor): Tensor {
  const flat = (tensor: Tensor): Tensor => reshape(tensor, [tensor.size]);
  return reshape(scatterElements(full([x.size], 0, x.dtype), flat(positions), flat(dy), 0), x.shape);
}
