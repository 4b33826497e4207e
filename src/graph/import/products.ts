/** @file Products of matrices and convolutions of a file. */
import { add, matMul, mul, reduceSum, reshape, transpose } from '../builders.js';
import { convOutputSize } from '../shape-rules.js';
import { createNode, sizeOf, type Tensor } from '../tensor.js';
import type { ConvAttributes } from '../vocabulary.js';
import type { Call, Importer } from './call.js';
import { alongRow, type Geometry, geometryOf } from './geometry.js';

/** Vectors are a row on the left and a column on the right, as in numpy. */
const matrixProduct: Importer = (call) => {
  const [a, b] = [call.tensor(0), call.tensor(1)];
  const left = a.rank === 1 ? reshape(a, [1, a.size]) : a;
  const right = b.rank === 1 ? reshape(b, [b.size, 1]) : b;
  const product = matMul(left, right);
  const shape = [...product.shape];
  if (b.rank === 1) shape.pop();
  if (a.rank === 1) shape.splice(shape.length - (b.rank === 1 ? 1 : 2), 1);
  return reshape(product, shape);
};

const gemm: Importer = (call) => {
  const product = matMul(call.tensor(0), call.tensor(1), {
    transA: call.int('transA', 0) === 1,
    transB: call.int('transB', 0) === 1,
    alpha: call.float('alpha', 1),
  });
  if (!call.has(2)) return product;
  const beta = call.float('beta', 1);
  return add(product, beta === 1 ? call.tensor(2) : mul(call.tensor(2), beta));
};

const convolution: Importer = (call) =>
  alongRow(call, (x) => {
    const weight = kernelOf(call);
    const [height, width] = weight.shape.slice(2) as [number, number];
    const { strides, dilations, pads } = geometryOf(call, x, [height, width]);
    const attributes: ConvAttributes = { strides, dilations, pads, group: call.int('group', 1) };
    return createNode('conv', call.has(2) ? [x, weight, call.tensor(2)] : [x, weight], attributes)[0]!;
  });

/** A kernel of one dimension is one of a single row. */
function kernelOf(call: Call): Tensor {
  const weight = call.tensor(1);
  if (weight.rank !== 3) return weight;
  const [outputs, inputs, taps] = weight.shape as [number, number, number];
  return reshape(weight, [outputs, inputs, 1, taps]);
}

/** The transposed map of a convolution is its gradient, and the vocabulary has that. */
const transposedConvolution: Importer = (call) =>
  alongRow(call, (x) => {
    const weight = kernelOf(call);
    const kernel = weight.shape.slice(2) as [number, number];
    const { inputSize, ...attributes } = transposedGeometry(call, x, kernel);
    const [rows, columns] = convOutputSize(inputSize, kernel, attributes);
    if (rows !== x.shape[2] || columns !== x.shape[3])
      throw new Error(`no convolution leads from ${inputSize.join('x')} to ${x.shape[2]}x${x.shape[3]}`);
    const y = createNode('convInputGrad', [x, weight], { ...attributes, inputSize })[0]!;
    return call.has(2) ? add(y, reshape(call.tensor(2), [1, y.shape[1]!, 1, 1])) : y;
  });

function transposedGeometry(
  call: Call,
  x: Tensor,
  kernel: readonly [number, number],
): ConvAttributes & { readonly inputSize: [number, number] } {
  const two = (name: string, otherwise: number): [number, number] => {
    const list = call.intList(name);
    if (!list || list.length === 0) return [otherwise, otherwise];
    return list.length === 1 ? [otherwise, list[0]!] : [list[0]!, list[1]!];
  };
  const [strides, dilations, extra] = [two('strides', 1), two('dilations', 1), two('output_padding', 0)];
  const isRow = call.shapeOf(0).length === 3;
  const asked = call.intList('output_shape')?.slice(isRow ? -1 : -2);
  const auto = call.text('auto_pad', 'NOTSET');
  const listed = call.intList('pads');
  const fixed: Geometry['pads'] = !listed
    ? [0, 0, 0, 0]
    : isRow
      ? [0, listed[0]!, 0, listed[1]!]
      : (listed as [number, number, number, number]);
  const pads: [number, number, number, number] = [...fixed];
  const inputSize = ([0, 1] as const).map((i) => {
    const covered = strides[i] * (x.shape[2 + i]! - 1) + extra[i] + dilations[i] * (kernel[i] - 1) + 1;
    const wanted =
      asked && asked.length > 0
        ? isRow && i === 0
          ? 1
          : asked[isRow ? 0 : i]
        : auto.startsWith('SAME')
          ? x.shape[2 + i]! * strides[i]
          : undefined;
    if (wanted === undefined) return covered - pads[i] - pads[i + 2]!;
    const total = Math.max(covered - wanted, 0);
    const less = Math.floor(total / 2);
    // Of an odd number more goes to the beginning, unless the file says "upper".
    pads[i] = auto === 'SAME_UPPER' ? less : total - less;
    pads[i + 2] = total - pads[i];
    return wanted;
  }) as [number, number];
  return { strides, dilations, pads, group: call.int('group', 1), inputSize };
}

/** Letters of the operands and the result of an equation. */
interface Equation {
  readonly operands: readonly string[];
  readonly result: string;
}

function parseEquation(text: string): Equation {
  const [left, right] = text.replaceAll(' ', '').split('->') as [string, string?];
  const operands = left.split(',');
  const letters = [...left.replaceAll(',', '')];
  const once = letters.filter((letter) => letters.indexOf(letter) === letters.lastIndexOf(letter));
  const isPlain = /^[A-Za-z,]*$/.test(left) && operands.every((word) => new Set(word).size === word.length);
  if (!isPlain) throw new Error(`equation "${text}" is no product of tensors with distinct letters`);
  return { operands, result: right ?? once.sort().join('') };
}

/** Axes in the order of `letters`; those that are not among them are summed. */
function arranged(x: Tensor, own: string, letters: string): Tensor {
  const gone = [...own].flatMap((letter, axis) => (letters.includes(letter) ? [] : [axis]));
  const summed = gone.length > 0 ? reduceSum(x, { axes: gone }) : x;
  const kept = [...own].filter((letter) => letters.includes(letter));
  return transpose(
    summed,
    [...letters].map((letter) => kept.indexOf(letter)),
  );
}

/** Sums of products: of one tensor, or of two as a product of matrices over what they share. */
const einsum: Importer = (call) => {
  const { operands, result } = parseEquation(call.text('equation', ''));
  const [a, b] = call.tensors() as [Tensor, Tensor?];
  const [first, second] = operands as [string, string?];
  if (operands.length !== call.inputs.length || operands.length > 2)
    throw new Error(`an equation of ${operands.length} tensors is not imported, only of one or two`);
  if (!b || second === undefined) return arranged(a, first, result);
  const shared = [...first].filter((letter) => second.includes(letter));
  const batch = shared.filter((letter) => result.includes(letter)).join('');
  const inner = shared.filter((letter) => !result.includes(letter)).join('');
  const rows = [...result].filter((letter) => !second.includes(letter)).join('');
  const columns = [...result].filter((letter) => !first.includes(letter)).join('');
  const left = arranged(a, first, batch + rows + inner);
  const right = arranged(b, second, batch + inner + columns);
  const [nb, nr] = [batch.length, rows.length];
  const batchShape = left.shape.slice(0, nb);
  const rowShape = left.shape.slice(nb, nb + nr);
  const columnShape = right.shape.slice(nb + inner.length);
  const depth = sizeOf(left.shape.slice(nb + nr));
  const product = matMul(
    reshape(left, [...batchShape, sizeOf(rowShape), depth]),
    reshape(right, [...batchShape, depth, sizeOf(columnShape)]),
  );
  const whole = reshape(product, [...batchShape, ...rowShape, ...columnShape]);
  return arranged(whole, batch + rows + columns, result);
};

export const products: Readonly<Record<string, Importer>> = {
  MatMul: matrixProduct,
  Gemm: gemm,
  Conv: convolution,
  ConvTranspose: transposedConvolution,
  Einsum: einsum,
};
